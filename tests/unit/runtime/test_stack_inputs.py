"""What makes a stack another one: its content changes with all that is installed, and with nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.stack_content import CHECKSUM, FACTS, FILES, MODULE, OTHER_CHECKSUM, content, rendered, workspace, write

from devenv.images.content.fingerprint import FileDigests
from devenv.plan.stack_steps import stack_nodes
from devenv.plan.steps import ApplyManifests
from devenv.runtime.observe.stack_inputs import stack_inputs
from devenv.spec.render import ProjectFacts
from devenv.spec.versions import CatalogueImage
from devenv.spec.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "web", FILES)
    return tmp_path / "web"


def test_what_the_steps_are_made_of(root: Path) -> None:
    made = rendered(workspace(root))

    assert json.loads(made.values)["image"] == {"repository": "registry.test/web", "tag": "1"}
    assert json.loads(made.values)["global"]["devenv"]["domain"] == "shop.localhost"
    assert made.images == {"web": "registry.test/web:1"}
    assert made.sources == (str(root / "chart"), str(root / "manifests"))
    assert (made.name, made.root, made.seeds, made.domain) == ("web", root, "", "shop.localhost")


def test_the_content_fits_into_a_label(root: Path) -> None:
    assert 0 < len(content(workspace(root))) <= 63


def test_the_same_again_is_the_same(root: Path) -> None:
    assert content(workspace(root)) == content(workspace(root))


def test_the_order_of_keys_in_the_projects_values_does_not_matter(root: Path) -> None:
    one, other = {"x": 1, "y": {"p": 1, "q": 2}}, {"y": {"q": 2, "p": 1}, "x": 1}

    assert content(workspace(root, chosen=one)) == content(workspace(root, chosen=other))


def test_the_order_of_keys_in_the_specification_does_not_matter(root: Path) -> None:
    values = {"second": {"b": 2, "a": 1}, "first": 1}

    assert content(workspace(root, values=values)) == content(workspace(root))


def test_the_place_of_the_checkout_does_not_matter(root: Path) -> None:
    former = content(workspace(root))
    moved = root.parent / "elsewhere" / "web"
    moved.parent.mkdir()
    root.rename(moved)

    assert content(workspace(moved)) == former


@pytest.mark.parametrize("name", ["chart/templates/web.yaml", "manifests/all.yaml", "ready/object.yaml"])
def test_a_changed_file_changes_it(root: Path, name: str) -> None:
    former = content(workspace(root))
    (root / name).write_text("kind: Deployment", encoding="utf-8")

    assert content(workspace(root)) != former


@pytest.mark.parametrize("name", ["README.md", "overlays/dev/kustomization.yaml", "values/prod.yaml"])
def test_a_file_that_is_not_installed_does_not(root: Path, name: str) -> None:
    former = content(workspace(root))
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("something else", encoding="utf-8")

    assert content(workspace(root)) == former


def test_a_new_a_renamed_and_a_removed_file_change_it(root: Path) -> None:
    seen = [content(workspace(root))]
    file = root / "chart" / "templates" / "more.yaml"
    file.write_text("kind: Job", encoding="utf-8")
    seen.append(content(workspace(root)))
    file = file.rename(file.with_name("other.yaml"))
    seen.append(content(workspace(root)))
    file.unlink()

    assert len(set(seen)) == 3
    assert content(workspace(root)) == seen[0]


@pytest.mark.parametrize(
    "change",
    [
        {"values": {"first": 2, "second": {"a": 1, "b": 2}}},
        {"profile_values": {"dev": {"replicas": 2}}},
        {"chosen": {"replicas": 2}},
        {"deadline": "90s"},
        {"namespace": "other"},
        {"hooks": {"after": [{"name": "look", "kubectl": ["get", "pods"]}]}},
        {"ready": [{"condition": {"kind": "externalsecret", "name": "web"}}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_written_for_a_stack_changes_it(root: Path, change: dict[str, Any]) -> None:
    assert content(workspace(root, **change)) != content(workspace(root))


def test_values_of_another_profile_do_not(root: Path) -> None:
    assert content(workspace(root, profile_values={"prod": {"replicas": 2}})) == content(workspace(root))


@pytest.mark.parametrize(
    "facts",
    [replace(FACTS, profile="prod"), replace(FACTS, project="other"), replace(FACTS, http_port=80)],
    ids=["profile", "project", "port"],
)
def test_facts_of_the_project_change_it(root: Path, facts: ProjectFacts) -> None:
    assert content(workspace(root), facts) != content(workspace(root))


def test_an_images_reference_changes_it(root: Path) -> None:
    assert content(workspace(root), image="registry.test/web:2") != content(workspace(root))


def test_a_digest_that_pins_an_image_changes_it_and_what_it_would_be_without_is_known(root: Path) -> None:
    project = workspace(root)
    image = CatalogueImage(upstream="registry.test/web:1", digest=f"sha256:{'1' * 64}")
    pinned = replace(project, versions=project.versions.model_copy(update={"images": {"web": image}}))

    made, before = rendered(pinned), rendered(project)
    assert made.unpinned_content == before.content != made.content
    assert before.unpinned_content == ""
    own = rendered(pinned, image="localhost/devenv/web:1")
    assert own.unpinned_content == ""


def receiving(project: Workspace) -> Workspace:
    """The same project, whose stack receives the seeds."""
    stack = project.stacks["web"]
    spec = stack.spec.model_copy(update={"seeds": True})
    return replace(project, stacks={"web": replace(stack, spec=spec)})


def test_seeds_change_the_stack_that_receives_them(root: Path) -> None:
    some = {"queues": [{"name": "orders"}]}
    without, given = (receiving(workspace(root, seeds=seeds)) for seeds in ({}, some))

    assert content(given) != content(without)
    assert json.loads(rendered(given).seeds)["queues"][0]["name"] == "orders"


def test_seeds_do_not_change_other_stacks(root: Path) -> None:
    assert content(workspace(root, seeds={"queues": [{"name": "orders"}]})) == content(workspace(root))


@pytest.mark.parametrize("kind", ["chart", "manifests"])
def test_a_modules_checksum_changes_it(root: Path, kind: str) -> None:
    sources = [{kind: {"module": MODULE, "path": "files/web"}}]
    one, other = (workspace(root, sources=sources, checksum=checksum) for checksum in (CHECKSUM, OTHER_CHECKSUM))

    assert content(one) != content(other)
    assert rendered(one).sources == ("files/web",)


def test_manifests_of_a_module_have_a_name_as_long_as_they_are_the_same(root: Path) -> None:
    def named(path: str = "crds", **more: Any) -> Mapping[int, str]:
        sources = [{"chart": {"path": "chart"}}, {"manifests": {"module": MODULE, "path": path}}]
        return rendered(workspace(root, sources=sources, **more)).pinned

    assert named() == named(chosen={"first": 2})
    others = (named("others"), named(checksum=OTHER_CHECKSUM), named(namespace="elsewhere"))
    assert all(list(other) == [1] and other != named() for other in others)
    assert rendered(workspace(root)).pinned == {}


def test_the_checksum_of_a_module_that_is_not_used_does_not(root: Path) -> None:
    assert content(workspace(root, checksum=OTHER_CHECKSUM)) == content(workspace(root))


def test_what_helm_fetches_has_no_path(root: Path) -> None:
    chart = {"repository": "https://charts.test", "name": "web", "version": "1.0.0"}
    newer = chart | {"version": "1.0.1"}
    one, other = (workspace(root, sources=[{"chart": c}]) for c in (chart, newer))

    assert rendered(one).sources == ("",)
    assert content(one) != content(other)


LICENCE = {"variable": "WEB_TOKEN", "images": {"web": "other"}, "secret": "web-token", "value": "auth.secret"}


def test_holder_of_a_token_gets_the_other_image_and_the_secret(root: Path) -> None:
    project = workspace(root, licence=LICENCE)
    images = {"web": "registry.test/web:1", "other": "registry.test/other:2"}
    ((_, made),) = stack_inputs(project, ["web"], FACTS, images, FileDigests(), environ={"WEB_TOKEN": "abc"})
    values = json.loads(made.values)
    assert made.licensed
    assert made.images == {"other": "registry.test/other:2"}
    assert values["image"] == {"repository": "registry.test/other", "tag": "2"}
    assert values["auth"] == {"secret": "web-token"}
    assert "abc" not in made.values


@pytest.mark.parametrize("environ", [{}, {"WEB_TOKEN": ""}])
def test_without_a_token_the_licence_changes_nothing(root: Path, environ: dict[str, str]) -> None:
    project = workspace(root, licence=LICENCE)
    ((_, made),) = stack_inputs(project, ["web"], FACTS, {"web": "registry.test/web:1"}, FileDigests(), environ=environ)
    assert not made.licensed
    assert made.images == {"web": "registry.test/web:1"}
    assert "auth" not in json.loads(made.values)


def test_images_of_kustomizations_are_named_for_them_and_are_content(root: Path) -> None:
    place = {"kustomize": "example.org/web", "also": [{"kustomize": "web"}]}
    project = workspace(root, sources=[{"kustomize": {"path": "overlays/dev"}}], ready=[], images={"web": place})
    made = rendered(project)
    assert made.kustomize_images == (("example.org/web", "registry.test/web:1"), ("web", "registry.test/web:1"))
    assert content(project, image="registry.test/web:2") != made.content

    def later(step: object) -> bool:
        return isinstance(step, ApplyManifests) and step.images == made.kustomize_images

    spec = project.stacks["web"].spec
    nodes = stack_nodes(spec, made, before=frozenset(), cluster=frozenset(), reason="new")
    assert [later(node.step) for node in nodes] == [True, False]
