"""A dashboard of Perses as one of Grafana.

Responsible for the whole: groups, places, variables, time. Everything of the dashboard is in what is made of it, or it
is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from devenv.grafana import perses
from devenv.grafana.panels import SOURCE, Json, link_to, panel

_SCHEMA = 42
"""Of the form before Grafana's `v2`; what is newer Grafana makes of it itself."""
_TAG = "devenv"
_WIDTH = 24
_ORDER = {"none": 0, "alphabetical-asc": 1, "alphabetical-desc": 2}
_EDITOR = "PrometheusVariableQueryEditor-VariableQuery"
_ON_TIME_RANGE = 2
"""Of Grafana's `refresh`: values are asked for anew when the time range changes."""


def converted(dashboard: Mapping[str, Any]) -> Json:
    """A dashboard of Grafana with the same content.

    Args:
        dashboard: of Perses, as JSON has it.

    Raises:
        ValueError: something of it has no counterpart; pydantic's error names each place.
    """
    read = perses.Dashboard.model_validate(dashboard)
    spec = read.spec
    return {
        "uid": read.metadata.name,
        "title": spec.display.name,
        "description": spec.display.description or "",
        "tags": [_TAG],
        "schemaVersion": _SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "time": {"from": f"now-{spec.duration}", "to": "now"},
        "refresh": spec.refresh_interval or "",
        "links": [link_to("Dashboards", type="dashboards", tags=[_TAG], asDropdown=True)],
        "templating": {"list": [_variable(variable) for variable in spec.variables]},
        "panels": list(_panels(spec)),
    }


def _variable(variable: perses.ListVariable | perses.TextVariable) -> Json:
    spec = variable.spec
    named: Json = {"name": spec.name, "label": spec.display.name if spec.display else spec.name}
    if isinstance(spec, perses.TextSpec):
        value = {"text": spec.value, "value": spec.value}
        return named | {"type": "textbox", "query": spec.value, "current": value, "options": [value]}
    chosen: Json = {
        "multi": spec.allow_multiple,
        "includeAll": spec.allow_all_value,
        "sort": _ORDER[spec.sort],
        "current": _value(spec),
    }
    if spec.custom_all_value:
        chosen["allValue"] = spec.custom_all_value
    return named | chosen | _values(spec.plugin)


def _value(spec: perses.ListSpec) -> Json:
    value = spec.default_value
    if value is None:
        return {}
    text = "All" if value == "$__all" else value
    return {"text": [text], "value": [value]} if spec.allow_multiple else {"text": text, "value": value}


def _values(plugin: perses.LabelValuesPlugin | perses.StaticListPlugin) -> Json:
    """Where a variable's values come from."""
    if isinstance(plugin, perses.StaticListPlugin):
        return {"type": "custom", "query": ",".join(value.replace(",", "\\,") for value in plugin.spec.values)}
    asked = ", ".join([*plugin.spec.matchers, plugin.spec.label_name])
    return {
        "type": "query",
        "datasource": SOURCE,
        "query": {"qryType": 1, "query": f"label_values({asked})", "refId": _EDITOR},
        "refresh": _ON_TIME_RANGE,
        "options": [],
    }


def _panels(spec: perses.DashboardSpec) -> Iterator[Json]:
    """Group after group: a row with its title, and its panels below, or inside where it is closed."""
    placed = [item.content.panel for group in spec.layouts for item in group.spec.items]
    if sorted(placed) != sorted(spec.panels):
        raise ValueError(f"each panel needs one place: {sorted(set(spec.panels) ^ set(placed)) or sorted(placed)}")
    numbers, top = count(1), 0
    for group in spec.layouts:
        row: Json = {}
        if display := group.spec.display:
            place = {"x": 0, "y": top, "w": _WIDTH, "h": 1}
            row = {"id": next(numbers), "type": "row", "title": display.title, "gridPos": place}
            row |= {"collapsed": not display.collapse.open, "panels": []}
            top += 1
        made = [
            panel(next(numbers), spec.panels[item.content.panel].spec, _place(item, top)) for item in group.spec.items
        ]
        top += max((item.y + item.height for item in group.spec.items), default=0)
        if row and row["collapsed"]:
            yield row | {"panels": made}
            top = row["gridPos"]["y"] + 1
        else:
            yield from [*([row] if row else []), *made]


def _place(item: perses.Item, top: int) -> Json:
    return {"x": item.x, "y": top + item.y, "w": item.width, "h": item.height}
