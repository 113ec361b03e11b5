"""Dashboards of Perses as Grafana's: nothing of them gets lost, and what has no counterpart is refused."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pydantic import ValidationError
from support.dashboards import BUILTIN, grafana_queries, raw_queries

from devenv.grafana.__main__ import MADE, texts
from devenv.grafana.convert import converted

Json = dict[str, Any]


def query(text: str, **more: Any) -> Json:
    plugin = {"kind": "PrometheusTimeSeriesQuery", "spec": {"query": text, **more}}
    return {"kind": "TimeSeriesQuery", "spec": {"plugin": plugin}}


def panel(kind: str, spec: Json, *queries: Json, **more: Any) -> Json:
    plugin = {"kind": kind, "spec": spec}
    return {"kind": "Panel", "spec": {"display": {"name": kind}, "plugin": plugin, "queries": list(queries), **more}}


def grid(*names: str, **display: Any) -> Json:
    places = [{"x": 0, "y": index * 4, "width": 12, "height": 4} for index in range(len(names))]
    items = [{**place, "content": {"$ref": f"#/spec/panels/{name}"}} for place, name in zip(places, names, strict=True)]
    return {"kind": "Grid", "spec": {"items": items, **({"display": display} if display else {})}}


def dashboard(panels: Json, *layouts: Json, **more: Any) -> Json:
    spec = {"display": {"name": "Web"}, "duration": "30m", "panels": panels, "layouts": list(layouts), **more}
    return {"kind": "Dashboard", "metadata": {"name": "web"}, "spec": spec}


def drawn(kind: str, spec: Json, *queries: Json, **more: Any) -> Json:
    """The only panel, as it comes out."""
    (made,) = converted(dashboard({"a": panel(kind, spec, *queries, **more)}, grid("a")))["panels"]
    found: Json = made
    return found


def test_the_committed_ones_are_those_that_are_made() -> None:
    present = {file: file.read_text() for file in sorted(MADE.glob("*.json"))}
    assert present == texts(), "python -m devenv.grafana"


@pytest.mark.parametrize("file", BUILTIN, ids=lambda file: file.stem)
def test_every_panel_is_there_and_asks_the_same(file: Any) -> None:
    made = MADE / file.name
    assert grafana_queries(made) == raw_queries(file)
    source, content = json.loads(file.read_text())["spec"], json.loads(made.read_text())
    assert content["title"] == source["display"]["name"]
    titles = [p["title"] for p in content["panels"] if p["type"] != "row"]
    assert sorted(titles) == sorted(p["spec"]["display"]["name"] for p in source["panels"].values())
    assert [v["name"] for v in content["templating"]["list"]] == [v["spec"]["name"] for v in source["variables"]]
    identifiers = [p["id"] for p in content["panels"]]
    assert len(set(identifiers)) == len(identifiers)
    cells = [cell for p in content["panels"] for cell in _cells(p["gridPos"])]
    assert len(set(cells)) == len(cells), "no panel lies on another"


def _cells(place: Json) -> list[tuple[int, int]]:
    return [(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])]


def test_a_chart_keeps_unit_limits_stacking_and_names() -> None:
    made = drawn(
        "TimeSeriesChart",
        {
            "legend": {"position": "bottom", "mode": "list"},
            "yAxis": {"format": {"unit": "bytes/sec", "shortValues": True}, "min": 0, "max": 1},
            "visual": {"lineWidth": 1.25, "areaOpacity": 0.3, "stack": "all"},
        },
        query("rate(a[5m])", seriesNameFormat="{{pod}}"),
        query("b"),
    )

    assert made["type"] == "timeseries"
    assert [(t["refId"], t["expr"], t["legendFormat"]) for t in made["targets"]] == [
        ("A", "rate(a[5m])", "{{pod}}"),
        ("B", "b", "__auto"),
    ]
    fields = made["fieldConfig"]["defaults"]
    assert (fields["unit"], fields["min"], fields["max"]) == ("binBps", 0, 1)
    assert (fields["custom"]["fillOpacity"], fields["custom"]["stacking"]["mode"]) == (30, "normal")


def test_a_number_keeps_its_colours_and_its_course() -> None:
    thresholds = {"defaultColor": "#2e7d32", "steps": [{"value": 1, "color": "#d32f2f"}]}
    number = {"unit": "percent-decimal", "decimalPlaces": 1}
    spec = {"calculation": "last-number", "format": number, "thresholds": thresholds, "sparkline": {}}

    made = drawn("StatChart", spec, query("a"))

    fields = made["fieldConfig"]["defaults"]
    assert (fields["unit"], fields["decimals"]) == ("percentunit", 1)
    assert [(s["value"], s["color"]) for s in fields["thresholds"]["steps"]] == [(None, "#2e7d32"), (1, "#d32f2f")]
    assert made["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]
    assert (made["options"]["graphMode"], made["options"]["colorMode"]) == ("area", "value")
    assert drawn("StatChart", {"calculation": "mean"}, query("a"))["options"]["graphMode"] == "none"
    gauge = drawn("GaugeChart", {"calculation": "max", "max": 1, "thresholds": thresholds}, query("a"))
    assert (gauge["type"], gauge["fieldConfig"]["defaults"]["max"]) == ("gauge", 1)


def test_a_table_keeps_order_headers_and_what_is_hidden() -> None:
    columns = [
        {"name": "timestamp", "hide": True},
        {"name": "pod", "header": "Pod"},
        {"name": "value", "header": "Memory", "format": {"unit": "bytes"}, "sort": "desc"},
    ]
    made = drawn("Table", {"density": "compact", "columnSettings": columns}, query("a"))

    assert (made["targets"][0]["format"], made["targets"][0]["instant"]) == ("table", True)
    (organized,) = made["transformations"]
    assert organized["options"]["excludeByName"] == {"Time": True}
    assert organized["options"]["renameByName"] == {"pod": "Pod", "Value": "Memory"}
    assert list(organized["options"]["indexByName"]) == ["Time", "pod", "Value"]
    assert made["options"]["sortBy"] == [{"displayName": "Memory", "desc": True}]
    (override,) = made["fieldConfig"]["overrides"]
    assert (override["matcher"]["options"], override["properties"]) == ("Memory", [{"id": "unit", "value": "bytes"}])


def test_bars_and_text() -> None:
    bars = drawn("BarChart", {"calculation": "last-number", "sort": "desc"}, query("a"))
    assert [step["id"] for step in bars["transformations"]] == ["reduce", "sortBy"]
    assert drawn("BarChart", {"calculation": "mean"}, query("a"))["options"]["reduceOptions"]["calcs"] == ["mean"]
    text = drawn("Markdown", {"text": "# Hello"})
    assert (text["type"], text["options"]) == ("text", {"mode": "markdown", "content": "# Hello"})


def test_groups_become_rows_and_what_is_closed_stays_so() -> None:
    panels = {name: panel("Markdown", {"text": name}) for name in "abc"}
    groups = [grid("a", "b", title="First", collapse={"open": False}), grid("c", title="Second")]

    made = converted(dashboard(panels, *groups))["panels"]

    assert [(p["title"], p["type"], p["gridPos"]["y"]) for p in made] == [
        ("First", "row", 0),
        ("Second", "row", 1),
        ("Markdown", "text", 2),
    ]
    assert [len(p.get("panels", [])) for p in made] == [2, 0, 0]
    assert made[0]["collapsed"] is True


def test_variables_and_links_go_by_grafanas_forms() -> None:
    chosen = {
        "name": "stack", "allowMultiple": True, "allowAllValue": True, "customAllValue": ".*", "defaultValue": "$__all",
        "sort": "alphabetical-asc", "plugin": {
            "kind": "PrometheusLabelValuesVariable", "spec": {"labelName": "stack", "matchers": ["pg_up"]},
        },
    }  # fmt: skip
    listed = {"name": "size", "plugin": {"kind": "StaticListVariable", "spec": {"values": ["1", "2,5"]}}}
    variables = [
        {"kind": "ListVariable", "spec": chosen},
        {"kind": "ListVariable", "spec": listed},
        {"kind": "TextVariable", "spec": {"name": "pod", "value": "a.*"}},
    ]
    link = {"name": "Containers", "url": "/d/containers?var-stack=${stack:csv}"}
    panels = {"a": panel("Markdown", {"text": ""}, links=[link])}

    made = converted(dashboard(panels, grid("a"), variables=variables))

    stack, size, pod = made["templating"]["list"]
    assert stack["query"]["query"] == "label_values(pg_up, stack)"
    assert (stack["allValue"], stack["current"]["value"], stack["sort"]) == (".*", ["$__all"], 1)
    assert (size["type"], size["query"]) == ("custom", "1,2\\,5")
    assert (pod["type"], pod["current"]["value"]) == ("textbox", "a.*")
    assert made["panels"][0]["links"][0]["url"] == "/d/containers?${stack:queryparam}"


def changed(place: list[str | int], value: Any) -> Json:
    """A sound dashboard with one more thing, or another one, in it."""
    whole = dashboard({"a": panel("StatChart", {"calculation": "last-number"}, query("up"))}, grid("a"))
    found: Any = copy.deepcopy(whole)
    inner = found
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return found if isinstance(found, dict) else {}


PANEL: list[str | int] = ["spec", "panels", "a", "spec"]


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ([*PANEL, "plugin"], {"kind": "TimeSeriesTable", "spec": {}}, "TimeSeriesTable"),
        ([*PANEL, "plugin", "spec", "valueFontSize"], 12, "valueFontSize"),
        ([*PANEL, "plugin", "spec", "calculation"], "count", "calculation"),
        ([*PANEL, "plugin", "spec", "format"], {"unit": "parsecs"}, "parsecs"),
        ([*PANEL, "queries", 0, "spec", "plugin", "spec", "minStep"], "1m", "minStep"),
        ([*PANEL, "links"], [{"name": "Elsewhere", "url": "/explore"}], "/explore"),
        ([*PANEL, "links"], [{"name": "Pod", "url": "/d/pods?var-pod=${stack}"}], "var-pod"),
        (["spec", "panels", "b"], panel("Markdown", {"text": ""}), "each panel needs one place"),
        (["spec", "datasources"], {}, "datasources"),
        (["metadata", "name"], "a" * 41, "at most 40"),
        (
            ["spec", "variables"],
            [
                {
                    "kind": "ListVariable",
                    "spec": {"name": "a", "plugin": {"kind": "PrometheusPromQLVariable", "spec": {}}},
                }
            ],
            "PrometheusPromQLVariable",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused(place: list[str | int], value: Any, says: str) -> None:
    with pytest.raises((ValueError, ValidationError)) as raised:
        converted(changed(place, value))
    assert says in str(raised.value)
