"""Dashboards that the page could not show, told before anything is installed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devenv.errors import SpecError
from devenv.spec.checks.stack_contents import require_sound_contents
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import LoadedStack

Json = dict[str, Any]


def stack(root: Path, files: dict[str, str]) -> LoadedStack:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    spec = {
        "name": "x", "layer": "04-apps", "summary": "", "namespace": "x", "version": "1",
        "sources": [{"manifests": {"path": "x"}}],
    }  # fmt: skip
    return LoadedStack(StackSpec.model_validate(spec), root, builtin=False)


def dashboard(name: str, **spec: Any) -> str:
    whole = {"duration": "1h", "panels": {}, "layouts": []} | spec
    return json.dumps({"kind": "Dashboard", "metadata": {"name": name}, "spec": whole}, indent=2)


def problems(*stacks: LoadedStack) -> list[tuple[str, int, str]]:
    with pytest.raises(SpecError) as raised:
        require_sound_contents(stacks)
    return [(str(p.file.relative_to(p.file.parents[2])), p.line, p.message) for p in raised.value.problems]


def test_what_perses_has_beside_is_let_through(tmp_path: Path) -> None:
    further = dashboard(
        "further", display={"name": "Further"}, refreshInterval="1m", links=[{"url": "/"}], new={"a": 1}
    )
    files = {"chart/dashboards/further.json": further, "chart/dashboards/README.md": "{", "other/data.json": "{"}

    require_sound_contents([stack(tmp_path, files)])


def test_an_expression_is_promql_where_prometheus_answers(tmp_path: Path) -> None:
    query = {"kind": "PrometheusTimeSeriesQuery", "spec": {"query": "sum(x) default 0"}}
    queries = [{"kind": "TimeSeriesQuery", "spec": {"plugin": query}}]
    panel = {"display": {"name": "x"}, "plugin": {"kind": "StatChart"}, "queries": queries}
    item = {"x": 0, "y": 0, "width": 1, "height": 1, "content": {"$ref": "#/spec/panels/x"}}
    layout = {"kind": "Grid", "spec": {"items": [item]}}
    shown = dashboard("shop", panels={"x": {"kind": "Panel", "spec": panel}}, layouts=[layout])
    rule = {"groups": [{"name": "x", "rules": [{"record": "x", "expr": "sum(x) default 0"}]}]}
    rules = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "spec": rule}
    stacks = [stack(tmp_path / "shop", {"dashboards/shop.json": shown, "x/rule.yaml": json.dumps(rules)})]
    other = stack(tmp_path / "monitoring", {})

    assert [message for *_, message in problems(*stacks)] == ["not PromQL: invalid promql query"] * 2
    values: dict[str, Any] = {"engine": "victoria-metrics"}
    require_sound_contents(
        [*stacks, replace(other, spec=other.spec.model_copy(update={"name": "monitoring", "values": values}))]
    )


def test_dashboards_of_grafana_in_manifests_are_json_with_a_title_and_a_uid_of_their_own(tmp_path: Path) -> None:
    manifests = """\
kind: ConfigMap
metadata: {name: a, labels: {grafana_dashboard: "1"}}
data:
  sound.json: '{"title": "A", "uid": "a"}'
  again.json: |
    {
      "title": "B",
      "uid": "a"
    }
  half.json: |
    {"title": "C",
     "panels": [}
  v2.json: '{"kind": "Dashboard"}'
  notes.txt: '{'
---
kind: ConfigMap
metadata: {name: b, labels: {grafana_dashboard: "0"}}
data: {half.json: "{"}
"""
    again, half, v2 = problems(stack(tmp_path, {"x/a.yaml": manifests}))

    assert again[1:] == (
        8,
        f"the dashboard of {tmp_path / 'x/a.yaml'} has the uid a too, so Grafana would show one of them",
    )
    assert half[1] == 12
    assert "not valid JSON" in half[2]
    assert v2[1:] == (13, "a dashboard of Grafana with a title is expected")


def test_no_two_stacks_have_a_dashboard_of_the_same_name(tmp_path: Path) -> None:
    stacks = [stack(tmp_path / name, {"dashboards/x.json": dashboard("shop")}) for name in ("a", "b")]

    (found,) = problems(*stacks)

    assert found[:2] == ("b/dashboards/x.json", 4)
    assert found[2] == f"the dashboard of {tmp_path / 'a/dashboards/x.json'} has the name shop too"


def test_what_manifests_carry_is_checked_where_it_is_written(tmp_path: Path) -> None:
    labelled = {"kind": "ConfigMap", "metadata": {"name": "a", "labels": {"devenv.io/dashboard": "true"}}}
    text = dashboard("long", duration="an hour").replace("\n", "\n    ")
    manifests = (
        f"kind: Secret\n---\n{json.dumps({**labelled, 'data': {'x.txt': '{'}})}\n---\n"
        'kind: ConfigMap\nmetadata: {labels: {devenv.io/dashboard: "true"}}\n'
        f"data:\n  shop.json: |\n    {text}\n  other.json: '{{'\n"
    )

    found = problems(stack(tmp_path, {"x/a.yaml": manifests, "unread/b.yaml": manifests}))

    assert [line for _, line, _ in found] == [15, 20]
    assert "duration such as" in found[0][2]
    lines = manifests.splitlines()
    assert "an hour" in lines[14]
    assert "other.json" in lines[19]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{\n  "kind": "Dashboard"', 2, "not valid JSON: expecting ',' delimiter"),
        ("", 1, "not valid JSON: expecting value"),
        ("[" * 100_000, 1, "not valid JSON"),
        ("[]", 1, "a mapping is expected, found a list"),
        ("\udcff", 1, "not valid JSON"),
    ],
)
def test_what_is_no_dashboard_at_all_is_told_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    made = stack(tmp_path, {})
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "x.json").write_bytes(text.encode(errors="surrogateescape"))

    (found,) = problems(made)

    assert found[1] == line
    assert found[2].startswith(message)


def test_tabs_are_whitespace_in_json(tmp_path: Path) -> None:
    sound = dashboard("tabs").replace("  ", "\t")
    require_sound_contents([stack(tmp_path / "sound", {"dashboards/x.json": sound})])
    wrong = dashboard("tabs", duration="long").replace("  ", "\t")

    (found,) = problems(stack(tmp_path / "wrong", {"dashboards/x.json": wrong}))

    assert found[1:] == (7, 'a duration such as 30s, 15m or 1d is expected, found "long"')
