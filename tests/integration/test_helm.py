"""Helm as it is, on charts made here; no cluster is needed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from support.programs import require_tool

from devenv.adapters.charts.charts import complete, copy_chart
from devenv.adapters.charts.helm import ChartRelease, Helm
from devenv.errors import CommandFailedError, SpecError

CHART = "apiVersion: v2\nname: shop\nversion: 0.1.0\n"
TEMPLATE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  greeting: {{ .Values.greeting | quote }}
  helm: {{ .Capabilities.KubeVersion.Version | quote }}
"""


@pytest.fixture(scope="session")
def program() -> Path:
    """Found before a test moves its home, and devenv's cache with it."""
    return require_tool("helm")


@pytest.fixture
def helm(program: Path, own_home: Path) -> Helm:
    return Helm(program, own_home / "kubeconfig")


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    return write_chart(tmp_path / "chart", TEMPLATE)


def write_chart(folder: Path, template: str, description: str = CHART) -> Path:
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(description)
    (folder / "values.yaml").write_text("greeting: hello\n")
    (folder / "templates" / "map.yaml").write_text(template)
    return folder


def test_values_reach_the_manifests(helm: Helm, chart: Path) -> None:
    text = helm.template(
        ChartRelease("shop", "space", str(chart), json.dumps({"greeting": 'with "quotes" and\nlines'}))
    )
    assert yaml.safe_load(text)["data"]["greeting"] == 'with "quotes" and\nlines'


def test_kubernetes_version_can_be_told(helm: Helm, chart: Path) -> None:
    text = helm.template(ChartRelease("shop", "space", str(chart)), kubernetes="1.36.3")
    assert yaml.safe_load(text)["data"]["helm"] == "v1.36.3"


def test_broken_template_is_named(helm: Helm, tmp_path: Path) -> None:
    chart = write_chart(tmp_path / "chart", "{{ .Values.greeting | nosuchfunction }}")
    with pytest.raises(CommandFailedError) as caught:
        helm.template(ChartRelease("shop", "space", str(chart)))
    assert "nosuchfunction" in caught.value.output
    assert caught.value.message.startswith("render chart shop failed")


def test_secrets_are_in_no_argument(helm: Helm, chart: Path) -> None:
    (chart / "templates" / "map.yaml").write_text("{{ fail .Values.greeting }}")
    with pytest.raises(CommandFailedError) as caught:
        helm.template(ChartRelease("shop", "space", str(chart), json.dumps({"greeting": "hunter2"})))
    assert "hunter2" not in " ".join(caught.value.argv)


def test_schema_of_values_is_held(helm: Helm, chart: Path) -> None:
    (chart / "values.schema.json").write_text(json.dumps({"properties": {"greeting": {"type": "string"}}}))
    with pytest.raises(CommandFailedError, match="render chart shop"):
        helm.template(ChartRelease("shop", "space", str(chart), json.dumps({"greeting": 5})))


def test_folders_and_settings_of_the_user_are_left_alone(
    own_home: Path, helm: Helm, chart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HELM_NAMESPACE", "HELM_DEBUG", "HELM_KUBECONTEXT"):
        monkeypatch.setenv(variable, "true")
    helm.template(ChartRelease("shop", "space", str(chart)))
    theirs = [
        own_home / ".config" / "helm",
        own_home / ".cache" / "helm",
        own_home / ".local" / "share" / "helm",
    ]
    assert [path for path in theirs if path.exists()] == []


DEPENDENT = (
    CHART
    + """dependencies:
  - {name: server, version: 1.0.0, repository: "oci://registry.invalid/charts", condition: server.enabled}
  - {name: kept, version: 1.0.0, repository: "oci://registry.invalid/charts", condition: kept.enabled}
"""
)


def test_chart_copied_from_a_module(helm: Helm, tmp_path: Path) -> None:
    source = write_chart(tmp_path / "module", TEMPLATE, DEPENDENT)
    (source / "Chart.lock").write_text("digest: sha256:0\n")
    for path in sorted(source.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with pytest.raises(CommandFailedError):
        helm.template(ChartRelease("shop", "space", str(source)))
    copy = copy_chart(source, tmp_path / "copy", ["server", "kept"])
    assert "kind: ConfigMap" in helm.template(ChartRelease("shop", "space", str(copy)))
    assert not (copy / "Chart.lock").exists()
    assert all(os.access(path, os.W_OK) for path in copy.rglob("*"))


def test_unknown_dependency_is_a_problem_of_the_spec(tmp_path: Path) -> None:
    source = write_chart(tmp_path / "module", TEMPLATE, DEPENDENT)
    with pytest.raises(SpecError) as caught:
        copy_chart(source, tmp_path / "copy", ["severr"])
    assert "severr" in str(caught.value.problems[0])


@pytest.mark.parametrize("packed", [False, True])
def test_a_dependency_in_a_folder_is_taken_as_it_is_now(helm: Helm, tmp_path: Path, *, packed: bool) -> None:
    """Helm itself takes the archive that was packed before, and refuses the chart where there is none."""
    chart, common = tmp_path / "shop", tmp_path / "common"
    for folder, text in ((chart, CHART), (common, "apiVersion: v2\nname: common\nversion: 1.0.0\n")):
        (folder / "templates").mkdir(parents=True)
        (folder / "Chart.yaml").write_text(text)
    (chart / "Chart.yaml").write_text(
        f"{CHART}dependencies: [{{name: common, version: 1.0.0, repository: 'file://../common'}}]\n"
    )
    if packed:
        (chart / "charts").mkdir()
        (chart / "charts" / "common-1.0.0.tgz").write_bytes(b"packed long ago")
    (common / "templates" / "map.yaml").write_text(TEMPLATE)
    with complete(str(chart)) as whole:
        assert 'greeting: "now"' in helm.template(
            ChartRelease("shop", "default", whole, '{"common": {"greeting": "now"}}')
        )
    assert not (chart / "charts" / "common").exists()


def test_a_chart_that_depends_on_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text(f"{CHART}dependencies: [{{name: shop, repository: 'file://.'}}]\n")
    with pytest.raises(SpecError) as caught, complete(str(tmp_path)):
        pass
    assert "depends on itself" in caught.value.problems[0].message


def definition(name: str) -> str:
    """Of a kind; with the comment of another chart's rendering in it, as bundles of definitions have it."""
    return f"---\n# Source: other/templates/{name}.yaml\nkind: CustomResourceDefinition\nmetadata: {{name: {name}}}\n"


def test_definitions_are_those_of_the_chart_and_of_subcharts_that_are_switched_on(helm: Helm, tmp_path: Path) -> None:
    dependencies = "".join(f"  - {{name: {name}, version: 0.1.0, condition: {name}.on}}\n" for name in ("used", "not"))
    chart = write_chart(tmp_path / "chart", TEMPLATE, f"{CHART}dependencies:\n{dependencies}")
    for folder, name in ((chart, "own"), (chart / "charts" / "used", "used"), (chart / "charts" / "not", "not")):
        if folder != chart:
            write_chart(folder, TEMPLATE, CHART.replace("shop", name))
        (folder / "crds").mkdir()
        (folder / "crds" / "all.yaml").write_text(definition(f"{name}.one") + definition(f"{name}.two"))

    text = helm.definitions(
        ChartRelease("shop", "space", str(chart), json.dumps({"used": {"on": True}, "not": {"on": False}}))
    )

    found = [document for document in yaml.safe_load_all(text) if document]
    assert {document["kind"] for document in found} == {"CustomResourceDefinition"}
    assert sorted(d["metadata"]["name"] for d in found) == ["own.one", "own.two", "used.one", "used.two"]


def test_a_chart_without_crds_defines_nothing(helm: Helm, chart: Path) -> None:
    assert helm.definitions(ChartRelease("shop", "space", str(chart))) == ""
