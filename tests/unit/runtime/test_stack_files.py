"""Files that Helm and kustomize read for a stack, through links and outside of its folder: all are its content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.stack_content import FACTS, FILES, content, rendered, workspace, write

from devenv.images.content.fingerprint import FileDigests
from devenv.runtime.observe.stack_files import files_below
from devenv.runtime.observe.stack_inputs import stack_inputs


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "web", FILES)
    return tmp_path / "web"


def test_a_kustomization_counts_with_all_that_is_beside_it(root: Path) -> None:
    project = workspace(root, sources=[{"kustomize": {"path": "overlays/{profile}"}}], ready=[])
    former = rendered(project)
    (root / "base" / "kustomization.yaml").write_text("resources: [a.yaml]", encoding="utf-8")

    assert former.sources == (str(root / "overlays" / "dev"),)
    assert rendered(project, replace(FACTS, profile="prod")).sources == (str(root / "overlays" / "prod"),)
    assert content(project) != former.content


def test_a_profile_of_ones_own_has_the_overlay_of_what_it_stands_on_where_it_has_none(root: Path) -> None:
    project = workspace(root, sources=[{"kustomize": {"path": "overlays/{profile}"}}], ready=[])
    own = project.project.model_copy(update={"profiles": {"laptop": "prod"}})
    laptop = replace(FACTS, profile="laptop")

    assert rendered(replace(project, project=own), laptop).sources == (str(root / "overlays" / "prod"),)
    write(root, {"overlays/laptop/kustomization.yaml": "resources: [../../base]"})
    assert rendered(replace(project, project=own), laptop).sources == (str(root / "overlays" / "laptop"),)


OUTSIDE = {
    "shared/base/kustomization.yaml": "resources: [service.yaml]\ncomponents: [../part]",
    "shared/base/service.yaml": "kind: Service",
    "shared/part/kustomization.yaml": "kind: Component\npatches: [{path: ../patch.yaml}]",
    "shared/patch.yaml": "kind: Service",
    "shared/settings.properties": "a=b",
    "shared/token": "abc",
    "shared/generator.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nfiles: [../../../shared/page.html]",
    "shared/page.html": "<p>",
    "shared/defaults.env": "a=b",
    "shared/inline.env": "a=b",
}
OVERLAY = """
resources: [../../../shared/base, "https://example.org/base?ref=v1"]
commonAnnotations: {sign: =}
configMapGenerator: [{name: a, files: [a.properties=../../../shared/settings.properties], literals: ["x=y"]}]
secretGenerator: [{name: b, files: [../../../shared/token], envs: [../../../shared/defaults.env]}]
generators:
- ../../../shared/generator.yaml
- |-
  apiVersion: builtin
  kind: ConfigMapGenerator
  envs: [../../../shared/inline.env]
patches: [{patch: "kind: Service\\nmetadata: {}\\n"}]
"""


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_a_kustomization_names_outside_of_its_stack_counts(root: Path, name: str) -> None:
    project = workspace(root, sources=[{"kustomize": {"path": "overlays/dev"}}], ready=[])
    write(root.parent, OUTSIDE | {"web/overlays/dev/kustomization.yaml": OVERLAY})
    former = content(project)
    (root.parent / name).write_text("# changed\n" + OUTSIDE[name], encoding="utf-8")

    assert content(project) != former


@pytest.mark.parametrize(
    "generators",
    [
        "configMapGenerator: [{name: a, envs: [a.env]}]",
        "secretGenerator: [{name: a, env: a.env}]",
        "generators:\n- |\n  kind: ConfigMapGenerator\n  metadata: {name: a}\n  envs: [a.env]",
    ],
)
def test_what_a_kustomization_takes_from_the_environment_counts(root: Path, generators: str) -> None:
    project = workspace(root, sources=[{"kustomize": {"path": "overlays/dev"}}], ready=[])
    write(root, {"overlays/dev/kustomization.yaml": generators, "overlays/dev/a.env": "# taken\nSHOWN=1\n  TAKEN\n"})

    def made(**environ: str) -> str:
        ((_, found),) = stack_inputs(project, ["web"], FACTS, {"web": "web:1"}, FileDigests(), environ=environ)
        return found.content

    assert made(TAKEN="a") != made(TAKEN="b")
    assert made(TAKEN="a", SHOWN="2", taken="2") == made(TAKEN="a")


LINKED = {
    "elsewhere/dev/kustomization.yaml": "resources: [../base]\ncomponents: [../part]",
    "elsewhere/base/kustomization.yaml": "resources: [service.yaml]",
    "elsewhere/base/service.yaml": "kind: Service",
    "elsewhere/part/kustomization.yaml": "kind: Component\npatches: [{path: ../patch.yaml}]",
    "elsewhere/patch.yaml": "kind: Service",
    "web/k8s/base/kustomization.yaml": "resources: []",
}


@pytest.mark.parametrize("name", list(LINKED)[:-1])
@pytest.mark.parametrize("entry", ["k8s/dev", "k8s/all"])
def test_what_a_kustomization_behind_a_link_names_counts(root: Path, name: str, entry: str) -> None:
    """Its `../base` is beside the folder that the link leads to, whatever lies beside the link."""
    project = workspace(root, sources=[{"kustomize": {"path": entry}}], ready=[])
    write(root.parent, LINKED | {"web/k8s/all/kustomization.yaml": "resources: [../dev]"})
    (root / "k8s" / "dev").symlink_to("../../elsewhere/dev")
    former = content(project)
    (root.parent / name).write_text("# changed\n" + LINKED[name], encoding="utf-8")

    assert content(project) != former


def test_a_broken_kustomization_has_a_content_too(root: Path) -> None:
    project = workspace(root, sources=[{"kustomize": {"path": "overlays/dev"}}], ready=[])
    write(root, {"overlays/dev/kustomization.yaml": "resources: [{"})
    former = content(project)
    write(root, {"overlays/dev/kustomization.yaml": "resources: [\0, ../../../web]"})

    assert content(project) != former


@pytest.mark.parametrize("link", ["chart/charts/common", "manifests/common"])
def test_what_lies_behind_a_link_to_a_folder_counts(root: Path, link: str) -> None:
    write(root.parent, {"shared/common/templates/map.yaml": "colour: blue"})
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to("../" * link.count("/") + "../shared/common")
    former = content(workspace(root))
    write(root.parent, {"shared/common/templates/map.yaml": "colour: green"})

    assert content(workspace(root)) != former


def test_a_link_to_a_folder_above_it_is_followed_once(root: Path) -> None:
    (root / "chart" / "templates" / "self").symlink_to("..")
    former = content(workspace(root))
    (root / "chart" / "templates" / "web.yaml").write_text("kind: Deployment", encoding="utf-8")

    assert content(workspace(root)) != former


def test_charts_in_folders_that_a_chart_depends_on_count(root: Path) -> None:
    depends = "name: web\ndependencies: [{name: common, version: 1.0.0, repository: 'file://../../common'}]"
    write(root, {"chart/Chart.yaml": depends})
    further = "name: common\ndependencies: [{name: base, version: 1.0.0, repository: 'file://../base'}]"
    write(root.parent, {"common/Chart.yaml": further, "base/templates/map.yaml": "colour: blue"})
    former = content(workspace(root))
    write(root.parent, {"base/templates/map.yaml": "colour: green"})

    assert content(workspace(root)) != former


@pytest.mark.parametrize("changed", ["elsewhere/base/templates/map.yaml", "elsewhere/common/Chart.yaml"])
def test_what_a_chart_behind_a_link_depends_on_lies_beside_the_chart(root: Path, changed: str) -> None:
    def depending(name: str, on: str) -> str:
        return f"name: {name}\ndependencies: [{{name: dep, version: 1.0.0, repository: 'file://../{on}'}}]"

    write(root, {"chart/Chart.yaml": depending("web", "common")})
    beside = {"elsewhere/common/Chart.yaml": depending("common", "base"), "elsewhere/base/templates/map.yaml": "a: b"}
    write(root.parent, beside)
    (root / "common").symlink_to("../elsewhere/common")
    former = content(workspace(root))
    (root.parent / changed).write_text(beside[changed] + "\n# changed\n", encoding="utf-8")

    assert content(workspace(root)) != former


def test_links_that_lead_to_each_other_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "01.sql").write_text("SELECT 1;")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    (tmp_path / "gone").symlink_to("nowhere")
    assert files_below(tmp_path) == [tmp_path / "01.sql"]
