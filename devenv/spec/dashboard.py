"""A dashboard of Perses as JSON: what the page that shows it relies on. All other keys are Perses's concern.

As the types and schemas of `@perses-dev/core` 0.52 have it: https://perses.dev/perses/docs/api/dashboard/
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from devenv.spec.model import Text, TolerantModel
from devenv.spec.promql import Expression
from devenv.spec.yaml.positions import KeyPath

Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_.-]{1,75}$")]
PersesDuration = Annotated[
    str,
    StringConstraints(
        min_length=2, pattern=r"^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
    ),
]
PanelKind = Literal["BarChart", "GaugeChart", "Markdown", "StatChart", "Table", "TimeSeriesChart", "TimeSeriesTable"]
"""Of the plugins that the page has: stacks/03-observability/dashboards/image/page/src/plugins.js."""
QueryKind = Literal["PrometheusTimeSeriesQuery"]
VariableKind = Literal[
    "PrometheusLabelNamesVariable", "PrometheusLabelValuesVariable", "PrometheusPromQLVariable", "StaticListVariable"
]
_PANELS = "#/spec/panels/"


class Metadata(TolerantModel):
    """What the dashboard is called in addresses and links."""

    name: Name


class QuerySpec(TolerantModel):
    """The question itself."""

    query: Text


class QueryPlugin(TolerantModel):
    """Whom is asked."""

    kind: QueryKind
    spec: QuerySpec


class QueryPlace(TolerantModel):
    """A query's plugin."""

    plugin: QueryPlugin


class Query(TolerantModel):
    """One query of a panel."""

    kind: Literal["TimeSeriesQuery"]
    spec: QueryPlace

    @property
    def text(self) -> str:
        """What is asked."""
        return self.spec.plugin.spec.query


class PanelPlugin(TolerantModel):
    """How a panel is drawn."""

    kind: PanelKind
    spec: dict[str, Any] = {}


class PanelDisplay(TolerantModel):
    """A panel's title."""

    name: Text


class PanelSpec(TolerantModel):
    """What a panel shows."""

    display: PanelDisplay
    plugin: PanelPlugin
    queries: tuple[Query, ...] = ()


class Panel(TolerantModel):
    """One panel."""

    kind: Literal["Panel"]
    spec: PanelSpec


class VariablePlugin(TolerantModel):
    """Where a variable's values come from."""

    kind: VariableKind
    spec: dict[str, Any] = {}


class VariableSpec(TolerantModel):
    """A variable that is chosen (with a plugin) or written (with a value)."""

    name: Name
    plugin: VariablePlugin | None = None
    value: str | None = None


class Variable(TolerantModel):
    """One variable."""

    kind: Literal["ListVariable", "TextVariable"]
    spec: VariableSpec

    @model_validator(mode="after")
    def _has_its_own(self) -> Variable:
        if self.kind == "ListVariable" and self.spec.plugin is None:
            raise ValueError("a ListVariable needs a plugin")
        if self.kind == "TextVariable" and self.spec.value is None:
            raise ValueError("a TextVariable needs a value")
        return self


class PanelReference(TolerantModel):
    """Which panel lies at a place."""

    ref: str = Field(alias="$ref")

    @property
    def panel(self) -> str:
        """The panel's key."""
        return self.ref.removeprefix(_PANELS)


class Item(TolerantModel):
    """A place in a grid of 24 columns."""

    x: int = Field(ge=0, le=23)
    y: int = Field(ge=0)
    width: int = Field(ge=1, le=24)
    height: int = Field(ge=1)
    content: PanelReference


class GridSpec(TolerantModel):
    """A group of panels."""

    items: tuple[Item, ...]


class Layout(TolerantModel):
    """Where panels lie."""

    kind: Literal["Grid"]
    spec: GridSpec


class DashboardSpec(TolerantModel):
    """What a dashboard shows."""

    duration: PersesDuration
    refreshInterval: PersesDuration | None = None  # noqa: N815 -- Perses's name
    variables: tuple[Variable, ...] = ()
    panels: dict[str, Panel]
    layouts: tuple[Layout, ...]


class Dashboard(TolerantModel):
    """One dashboard."""

    kind: Literal["Dashboard"]
    metadata: Metadata
    spec: DashboardSpec

    def expressions(self) -> list[Expression]:
        """What panels and variables ask, and where it is written."""
        found: list[Expression] = [
            (("spec", "panels", key, "spec", "queries", index, "spec", "plugin", "spec", "query"), query.text)
            for key, panel in self.spec.panels.items()
            for index, query in enumerate(panel.spec.queries)
        ]
        for index, variable in enumerate(self.spec.variables):
            place: KeyPath = ("spec", "variables", index, "spec", "plugin", "spec")
            asked = variable.spec.plugin.spec if variable.spec.plugin else {}
            matchers = asked.get("matchers")
            if isinstance(matchers, list):
                found += [((*place, "matchers", at), str(text)) for at, text in enumerate(matchers)]
            if isinstance(asked.get("expr"), str):
                found.append(((*place, "expr"), asked["expr"]))
        return found
