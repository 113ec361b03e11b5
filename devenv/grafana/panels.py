"""Panels of Perses as panels of Grafana: the same queries, titles, units, limits, colours and links.

Fields and words are those of Grafana's published types, @grafana/schema 13.2.3 (Apache-2.0); none of its code is here.
"""

from __future__ import annotations

import re
from typing import Any

from devenv.grafana import perses
from devenv.grafana.units import unit_of

Json = dict[str, Any]
SOURCE: Json = {"type": "prometheus", "uid": "prometheus"}
"""Of chart/templates/provisioning.yaml."""
_REDUCERS: dict[perses.Calculation, str] = {
    "first": "first",
    "first-number": "firstNotNull",
    "last": "last",
    "last-number": "lastNotNull",
    "max": "max",
    "mean": "mean",
    "min": "min",
    "sum": "sum",
}
_LAST = "Last *"
"""What the transformation `reduce` calls the column of the reducer lastNotNull."""
_COLUMNS = {"timestamp": "Time", "value": "Value"}
"""Names in Perses to names in Grafana; a column of a label is called as the label in both."""
_CELLS = {"compact": "sm", "standard": "md", "comfortable": "lg"}
_VARIABLE_OF_LINK = re.compile(r"var-(\w+)=\$\{\1(?::csv)?\}")


def panel(identifier: int, spec: perses.PanelSpec, place: Json) -> Json:
    """One panel at its place."""
    made: Json = {
        "id": identifier,
        "title": spec.display.name,
        "gridPos": place,
        "links": [link_to(link.name, _address(link.url)) for link in spec.links],
        **_drawn(spec),
    }
    if spec.display.description:
        made["description"] = spec.display.description
    return made


def link_to(title: str, url: str = "", **more: Any) -> Json:
    """A link with all that Grafana's type asks for; the time range goes with it."""
    made = {"type": "link", "title": title, "url": url, "tags": [], "icon": "external link", "tooltip": ""}
    return made | {"asDropdown": False, "targetBlank": False, "includeVars": False, "keepTime": True} | more


def defaults(format_: perses.Format | None, thresholds: perses.Thresholds | None = None, **more: Any) -> Json:
    """What holds for all fields of a panel: unit, decimals, limits and colours."""
    made: Json = {key: value for key, value in more.items() if value is not None}
    if format_:
        made["unit"] = unit_of(format_.unit, is_short=format_.short_values)
        if format_.decimal_places is not None:
            made["decimals"] = format_.decimal_places
    if thresholds:
        first: Json = {"value": None, "color": thresholds.default_color}
        steps = [{"value": step.value, "color": step.color} for step in thresholds.steps]
        made |= {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": [first, *steps]}}
    return made


def _drawn(spec: perses.PanelSpec) -> Json:
    match spec.plugin:
        case perses.TimeSeriesChartPlugin(spec=chart):
            return _source(spec, "timeseries") | _lines(chart)
        case perses.StatChartPlugin(spec=stat):
            options = _reduced(stat.calculation) | {
                "colorMode": "value" if stat.thresholds else "none",
                "graphMode": "area" if stat.sparkline else "none",
                "textMode": "auto",
            }
            return _source(spec, "stat") | _shown(options, defaults(stat.format, stat.thresholds))
        case perses.GaugeChartPlugin(spec=gauge):
            fields = defaults(gauge.format, gauge.thresholds, min=0, max=gauge.max)
            return _source(spec, "gauge") | _shown(_reduced(gauge.calculation), fields)
        case perses.BarChartPlugin(spec=bars):
            return _source(spec, "bargauge") | _bars(bars)
        case perses.TablePlugin(spec=table):
            return _source(spec, "table", format="table", instant=True, range=False) | _table(table)
        case perses.MarkdownPlugin(spec=markdown):
            return {"type": "text", "options": {"mode": "markdown", "content": markdown.text}}


def _source(spec: perses.PanelSpec, kind: str, **more: Any) -> Json:
    """The panel's kind and what it asks; the queries are Perses's, letter by letter."""
    targets = [
        {
            "refId": _letter(index),
            "datasource": SOURCE,
            "expr": query.spec.plugin.spec.query,
            "legendFormat": query.spec.plugin.spec.series_name_format or "__auto",
            **({"range": True} | more),
        }
        for index, query in enumerate(spec.queries)
    ]
    return {"type": kind, "datasource": SOURCE, "targets": targets}


def _shown(options: Json, fields: Json, **more: Any) -> Json:
    return {"options": options, "fieldConfig": {"defaults": fields, "overrides": []}, **more}


def _lines(chart: perses.TimeSeriesChart) -> Json:
    visual, axis, legend = chart.visual, chart.y_axis, chart.legend
    custom: Json = {
        "lineWidth": visual.line_width,
        "fillOpacity": round(visual.area_opacity * 100),
        "showPoints": "never",
    }
    if visual.stack:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    options: Json = {
        "tooltip": {"mode": "multi", "sort": "desc"},
        "legend": {
            "showLegend": legend is not None,
            "displayMode": legend.mode if legend else "hidden",
            "placement": legend.position if legend else "bottom",
            "calcs": [],
        },
    }
    return _shown(options, defaults(axis.format, min=axis.min, max=axis.max, custom=custom))


def _bars(bars: perses.BarChart) -> Json:
    """Bars, one a series; they are in order only where series are made rows first."""
    options: Json = {"displayMode": "basic", "orientation": "horizontal", "showUnfilled": True}
    if bars.sort is None:
        return _shown(_reduced(bars.calculation) | options, defaults(bars.format, min=0))
    if bars.calculation != "last-number":
        raise ValueError(f"bars in order are converted of last-number alone, not of {bars.calculation}")
    rows: list[Json] = [
        {"id": "reduce", "options": {"reducers": [_REDUCERS[bars.calculation]], "mode": "seriesToRows"}},
        {"id": "sortBy", "options": {"sort": [{"field": _LAST, "desc": bars.sort == "desc"}]}},
    ]
    reduced = {"reduceOptions": {"values": True, "calcs": ["lastNotNull"], "fields": ""}}
    return _shown(reduced | options, defaults(bars.format, min=0), transformations=rows)


def _table(table: perses.Table) -> Json:
    columns = {_COLUMNS.get(column.name, column.name): column for column in table.column_settings}
    # Grafana's table can sort by a column under the name that is shown.
    headers = {name: column.header for name, column in columns.items() if column.header and not column.hide}
    organized: Json = {
        "excludeByName": {name: True for name, column in columns.items() if column.hide},
        "indexByName": {name: index for index, name in enumerate(columns)},
        "renameByName": headers,
    }
    overrides = [
        {
            "matcher": {"id": "byName", "options": headers.get(name, name)},
            "properties": [{"id": key, "value": value} for key, value in defaults(column.format).items()],
        }
        for name, column in columns.items()
        if column.format
    ]
    options: Json = {
        "showHeader": True,
        "cellHeight": _CELLS[table.density],
        "sortBy": [
            {"displayName": headers.get(name, name), "desc": column.sort == "desc"}
            for name, column in columns.items()
            if column.sort
        ],
    }
    if table.pagination:
        options["enablePagination"] = True
    return {
        "options": options,
        "fieldConfig": {"defaults": {}, "overrides": overrides},
        "transformations": [{"id": "organize", "options": organized}],
    }


def _reduced(calculation: perses.Calculation) -> Json:
    return {"reduceOptions": {"values": False, "calcs": [_REDUCERS[calculation]], "fields": ""}}


def _address(url: str) -> str:
    """A link to another dashboard: its values go by Grafana's own form, one `var-x=` for each."""
    converted = _VARIABLE_OF_LINK.sub(r"${\1:queryparam}", url)
    if not url.startswith("/d/") or ("var-" in converted):
        raise ValueError(f"a link to a dashboard is expected, such as /d/nodes?var-stack=${{stack:csv}}: {url}")
    return converted


def _letter(index: int) -> str:
    if index >= 26:  # noqa: PLR2004 -- letters
        raise ValueError("a panel has at most 26 queries")
    return chr(ord("A") + index)
