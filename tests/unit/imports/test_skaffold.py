"""A Skaffold repository becomes images and stacks: each configuration a layer, each release a stack."""

from __future__ import annotations

import contextlib
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.skaffold import CHART, config, load

from devenv.errors import SpecError
from devenv.spec.model import Values
from devenv.spec.render import ProjectFacts, chart_values
from devenv.spec.workspace import Workspace

EXAMPLE = Path(__file__).parents[3] / "examples" / "skaffold-layers"
TAG = "0123456789ab"
ODD: tuple[Any, ...] = (
    None,
    "",
    0,
    1.5,
    True,
    [],
    {},
    "x",
    ["x"],
    {"x": 1},
    "{{",
    "{{.X",
    "../../..",
    "/abs",
    "a" * 300,
    [[]],
    "**/*",
)


def values_of(workspace: Workspace, name: str) -> Values:
    """What the chart of a stack is given, but for what devenv gives every chart."""
    stack = workspace.stacks[name]
    made = chart_values(
        stack.spec,
        ProjectFacts.of(workspace.project, 8080, 8443),
        profile_values={},
        chosen_values=workspace.chosen_values(name),
        images={image: f"localhost/devenv/{image}:{TAG}" for image in stack.spec.images},
        file_values=stack.file_values,
    )
    return {key: value for key, value in made.items() if key != "global"}


def test_the_example_is_eight_layers_each_after_the_one_before_it() -> None:
    workspace = load(EXAMPLE)
    names = [name for name in workspace.selected if name in workspace.imported]
    assert names == [
        "foundation",
        "shared-config",
        "store",
        "queue",
        "backend",
        "auth",
        "gateway",
        "frontend",
        "processing",
        "reports",
    ]
    layers = {workspace.stacks[name].spec.layer for name in names}
    assert sorted(layer[:2] for layer in layers) == ["01", "02", "03", "04", "05", "06", "07", "08"]
    assert set(workspace.stacks["store"].spec.needs) == {"shared-config", "foundation"}
    assert workspace.stacks["backend"].spec.needs == ("queue",)
    assert workspace.stacks["frontend"].spec.needs == ("auth", "gateway")
    assert not workspace.stacks["store"].builtin


def test_values_come_as_skaffold_hands_them_to_helm() -> None:
    workspace = load(EXAMPLE)
    assert values_of(workspace, "store")["tell"] == {"layer": "infrastructure", "size": "medium"}
    assert values_of(workspace, "queue")["tell"] == {"layer": "messaging", "retention": "{days}"}
    backend = values_of(workspace, "backend")
    assert backend["image"] == {"repository": "localhost/devenv/platform-web", "tag": TAG}
    assert backend["tell"] == {"level": "debug", "image": f"localhost/devenv/platform-web:{TAG[:7]}"}
    assert values_of(workspace, "auth")["image"]["tag"] == TAG, "an artifact that the chart names by itself"
    assert values_of(workspace, "auth")["tell"] == {"issuer": "https://auth.example"}


def test_profiles_patch_and_required_configurations_get_those_that_they_are_given() -> None:
    production = load(EXAMPLE, "prod")
    assert values_of(production, "store")["replicas"] == 2
    assert values_of(production, "backend")["tell"]["level"] == "warning"


def test_artifacts_are_images_built_on_each_other_and_devenvs_own_of_a_name_go_first() -> None:
    images = load(EXAMPLE).project.images
    assert images["platform-web"].bases == {"BASE": "platform-base"}
    assert images["platform-base"].bases == {"DEBIAN": "debian-trixie"}


def test_what_is_not_carried_over_is_told_once_with_its_place() -> None:
    workspace = load(EXAMPLE)
    told = [note.line_in(workspace.root) for note in workspace.notes]
    assert len(told) == len(set(told)) == 2
    assert any(text.startswith("skaffold/04-core-services/skaffold.yaml:13: build.tagPolicy:") for text in told)
    assert any("devenv forward frontend 9000:80" in text for text in told)


def test_a_hook_that_is_a_call_of_kubectl_runs_and_one_that_may_fail_may(repository: Any) -> None:
    workspace = load(EXAMPLE)
    (strict,) = workspace.stacks["store"].spec.hooks.after
    assert (strict.kubectl, strict.on_failure) == (("get", "pods", "--namespace", "layers-data"), "fail")
    lenient, here = workspace.stacks["reports"].spec.hooks.after
    assert lenient.on_failure == "continue"
    assert (here.command, here.dir) == (("sh", "-c", "echo all layers are there"), "..")
    before = config(
        "deploy:\n  helm:\n    hooks:\n      before:\n"
        '        - host: {command: [sh, -c, "kubectl --context kind-x get ns"]}\n'
        "    releases:\n      - {name: a, chartPath: chart}\n      - {name: b, chartPath: chart}\n"
    )
    spec = {name: stack.spec for name, stack in repository({"skaffold.yaml": before}).stacks.items()}
    assert spec["a"].hooks.before[0].kubectl == ("get", "ns")
    assert spec["b"].needs == ("a",), "nothing begins before the hooks have run"


def test_releases_come_side_by_side_unless_one_is_waited_for(repository: Any) -> None:
    body = (
        "deploy:\n  helm:\n    releases:\n"
        "      - {name: a, chartPath: chart}\n      - {name: b, chartPath: chart, wait: true}\n"
        "      - {name: c, chartPath: chart}\n      - {name: d, chartPath: crds}\n      - {name: e, chartPath: chart}\n"
    )
    files = {"crds/Chart.yaml": CHART["Chart.yaml"], "crds/crds/a.yaml": ""}
    stacks = repository({"skaffold.yaml": config(body), **files}).stacks
    needs = {name: stacks[name].spec.needs for name in "abcde"}
    assert needs == {"a": (), "b": (), "c": ("b",), "d": ("b",), "e": ("b", "d")}


def test_older_schemas_say_images_by_overrides_and_manifests_under_kubectl(repository: Any) -> None:
    body = (
        "build:\n  artifacts: [{image: example.com/shop/api, context: app}]\n"
        "deploy:\n  helm:\n    releases:\n"
        "      - {name: whole, chartPath: chart, artifactOverrides: {main: {image: example.com/shop/api}}}\n"
        "      - name: halves\n        chartPath: chart\n        artifactOverrides: {image: example.com/shop/api}\n"
        "        imageStrategy: {helm: {explicitRegistry: true}}\n"
        "  kubectl: {manifests: [k8s/*.yaml]}\n"
    )
    files = {"app/Dockerfile": "FROM scratch\n", "k8s/a.yaml": "kind: ConfigMap\n", "k8s/b.yaml": "kind: ConfigMap\n"}
    workspace = repository({"skaffold.yaml": config(body, "v2beta29"), **files})
    reference = f"localhost/devenv/shop-api:{TAG}"
    assert values_of(workspace, "whole")["main"] == {"image": reference}
    assert values_of(workspace, "halves")["image"] == {
        "registry": "localhost",
        "repository": "devenv/shop-api",
        "tag": TAG,
    }
    paths = [source.manifests.path for source in workspace.stacks["apps"].spec.sources]
    assert paths == ["k8s/a.yaml", "k8s/b.yaml"]


def test_profiles_are_active_by_name_environment_and_command(repository: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        "deploy: {helm: {releases: [{name: a, chartPath: chart}]}}\nprofiles:\n"
        + "".join(
            f"  - name: {name}\n    activation: {activation}\n"
            f"    patches: [{{op: add, path: /deploy/helm/releases/0/setValues/{name}, value: 1}}]\n"
            for name, activation in (
                ("named", "[]"),
                ("env", "[{env: SHOP_STAGE=^(qa|uat)$}]"),
                ("absent", "[{env: SHOP_NOTHING=}]"),
                ("command", "[{command: dev}]"),
                ("context", "[{kubeContext: '!kind-.*'}]"),
                ("off", "[{command: dev}]"),
            )
        )
    ).replace("chartPath: chart}", "chartPath: chart, setValues: {x: 1}}")
    monkeypatch.setenv("SHOP_STAGE", "qa")
    workspace = repository({"skaffold.yaml": config(body)}, "{skaffold: ., profiles: [named, -off]}")
    assert sorted(values_of(workspace, "a")) == ["absent", "command", "env", "named", "x"]


def test_a_profile_replaces_parts_as_a_whole_and_those_that_are_structures_key_by_key(repository: Any) -> None:
    body = (
        "build:\n  artifacts: [{image: a, context: app}]\n  local: {push: true}\n"
        "deploy: {statusCheckDeadlineSeconds: 60, helm: {releases: [{name: a, chartPath: chart}]}}\n"
        "profiles:\n  - name: dev\n    build: {local: {push: false}}\n"
        "    deploy: {helm: {releases: [{name: b, chartPath: chart}]}}\n"
    )
    workspace = repository({"skaffold.yaml": config(body), "app/Dockerfile": "FROM scratch\n"})
    assert "a" not in workspace.stacks
    assert workspace.stacks["b"].spec.deadline.total_seconds() == 60
    assert not workspace.notes
    assert set(workspace.project.images) == {"a"}


def test_lists_of_a_chart_that_name_an_artifact_are_kept_as_a_whole(repository: Any) -> None:
    body = (
        "build:\n  artifacts: [{image: shop/api, context: app}]\n"
        "deploy: {helm: {releases: [{name: a, chartPath: chart}]}}\n"
    )
    values = "containers:\n  - {name: shop/api, image: 'shop/api:latest'}\n  - {name: other, image: nginx}\n"
    files = {"app/Dockerfile": "FROM scratch\n", "chart/values.yaml": values}
    containers = values_of(repository({"skaffold.yaml": config(body), **files}), "a")["containers"]
    assert containers == [
        {"name": "shop/api", "image": f"localhost/devenv/shop-api:{TAG}"},
        {"name": "other", "image": "nginx"},
    ]


def test_several_configurations_of_a_file_and_releases_that_are_left_out(repository: Any) -> None:
    text = "\n---\n".join(
        config(
            f"deploy: {{helm: {{releases: [{{name: {name}, chartPath: chart}}]}}}}\nrequires: {requires}\n", name=name
        )
        for name, requires in (("one", "[{configs: [two]}]"), ("two", "[]"), ("three", "[]"))
    )
    workspace = repository({"skaffold.yaml": text}, "{skaffold: skaffold.yaml, without: [three]}")
    assert [name for name in workspace.selected if name in workspace.imported] == ["two", "one"]
    assert workspace.stacks["one"].spec.needs == ("two",)
    assert workspace.stacks["two"].spec.layer == "01-two"


def test_a_project_gives_values_to_an_imported_release_as_to_any_stack(repository: Any) -> None:
    text = config("deploy: {helm: {releases: [{name: a, chartPath: chart, setValues: {level: debug}}]}}\n")
    devenv = "project: shop\nimports: {skaffold: .}\nstacks: [{name: a, values: {level: mine}}]\n"
    assert values_of(repository({"skaffold.yaml": text, "devenv.yaml": devenv}), "a") == {"level": "mine"}


def test_releases_that_are_called_like_stacks_of_devenv_take_their_place(repository: Any) -> None:
    text = config(
        "deploy: {helm: {releases: [{name: postgres, chartPath: chart}, {name: traefik, chartPath: chart}]}}\n"
    )
    workspace = repository({"skaffold.yaml": text})
    assert not workspace.stacks["postgres"].builtin
    assert workspace.selected == ("postgres", "traefik")


def test_texts_are_what_is_written_whatever_yaml_takes_them_for(repository: Any) -> None:
    body = (
        "build:\n  artifacts: [{image: a, context: app, docker: {buildArgs: {VERSION: 1.20, ON: yes}}}]\n"
        "deploy: {helm: {releases: [{name: 007, remoteChart: c, repo: 'https://charts.example', version: 1.10}]}}\n"
    )
    workspace = repository({"skaffold.yaml": config(body), "app/Dockerfile": "FROM scratch\n"})
    assert workspace.project.images["a"].args == {"VERSION": "1.20", "ON": "yes"}
    chart = workspace.stacks["007"].spec.sources[0].chart
    assert chart is not None
    assert chart.version == "1.10"


def test_manifests_get_the_images_that_they_name(repository: Any) -> None:
    body = (
        "build:\n  artifacts: [{image: shop/api, context: app}, {image: shop/other, context: app}]\n"
        "manifests: {rawYaml: [k8s/api.yaml]}\n"
    )
    files = {"app/Dockerfile": "FROM scratch\n", "k8s/api.yaml": "kind: Pod\nspec: {containers: [{image: shop/api}]}\n"}
    spec = repository({"skaffold.yaml": config(body), **files}).stacks["apps"].spec
    assert {name: image.kustomize for name, image in spec.images.items()} == {"shop-api": "shop/api"}


def test_variables_come_from_the_environment_and_below_it_from_skaffold_env(
    repository: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_LEVEL", "mine")
    body = (
        "deploy: {helm: {releases: [{name: '{{.SHOP_NAME}}', chartPath: chart,"
        " setValueTemplates: {level: '{{.SHOP_LEVEL}}', url: '{{.SHOP_URL}}'}}]}}\n"
    )
    variables = "SHOP_LEVEL=theirs\nSHOP_NAME=api\nSHOP_URL='http://a.example' # there\n"
    workspace = repository({"skaffold.yaml": config(body), "skaffold.env": variables})
    assert values_of(workspace, "api") == {"level": "mine", "url": "http://a.example"}
    assert workspace.root / "skaffold.env" in workspace.inputs


def test_a_configuration_that_deploys_nothing_by_name_deploys_its_folder_k8s(repository: Any) -> None:
    files = {"k8s/api.yaml": "kind: ConfigMap\n", "k8s/note.txt": ""}
    (source,) = repository({"skaffold.yaml": config(""), **files}).stacks["apps"].spec.sources
    assert source.manifests.path == "k8s/api.yaml"


def test_a_kustomization_gets_the_images_of_its_bases_and_only_its_own_folder_counts_for_it(repository: Any) -> None:
    body = (
        "build:\n  artifacts: [{image: shop/api, context: app}, {image: shop/other, context: app}]\n"
        "manifests: {kustomize: {paths: [k8s/overlays/dev]}}\n"
        "deploy: {kubectl: {hooks: {after: [{host: {command: [make, check], dir: app}}]}}}\n"
    )
    files = {
        "app/Dockerfile": "FROM scratch\n",
        "k8s/base/kustomization.yaml": "resources: [api.yaml]\n",
        "k8s/base/api.yaml": "kind: Pod\nspec: {containers: [{image: shop/api}]}\n",
        "k8s/overlays/dev/kustomization.yaml": "resources: [../../base]\n",
    }
    workspace = repository({"skaffold.yaml": config(body), **files})
    stack = workspace.stacks["apps"]
    assert set(stack.spec.images) == {"shop-api"}
    assert stack.root == workspace.root / "k8s" / "overlays" / "dev"
    assert stack.spec.sources[0].kustomize is not None
    assert stack.spec.sources[0].kustomize.path == "."
    assert stack.spec.hooks.after[0].dir == "../../../app"


@pytest.mark.parametrize("seed", range(8))
def test_whatever_a_configuration_holds_there_are_problems_or_a_workspace(tmp_path: Path, seed: int) -> None:
    root = tmp_path / "layers"
    shutil.copytree(EXAMPLE, root)
    chosen = random.Random(seed)  # noqa: S311 -- for a test
    for file in sorted(root.rglob("skaffold.yaml")):
        data = yaml.safe_load(file.read_text())
        *above, last = chosen.choice(sorted(places(data), key=repr))
        inner = data
        for key in above:
            inner = inner[key]
        inner[last] = chosen.choice(ODD)
        file.write_text(yaml.safe_dump(data))
    with contextlib.suppress(SpecError):
        load(root)


def places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to all values in a value."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, below in items for place in ((*at, key), *places(below, (*at, key)))]


def test_paths_of_the_first_file_may_be_meant_from_where_skaffold_is_run(repository: Any) -> None:
    body = "build: {artifacts: [{image: a, context: app}]}\ndeploy: {helm: {releases: [{name: a, chartPath: chart}]}}\n"
    files = {"deploy/skaffold.yaml": config(body), "app/Dockerfile": "FROM scratch\n"}
    workspace = repository(files, "{skaffold: deploy}")
    assert workspace.project.images["a"].context == "app"
    assert workspace.stacks["a"].root == workspace.root
