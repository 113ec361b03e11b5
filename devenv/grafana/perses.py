"""What of Perses's dashboards can be converted, and not a key more: what is not named here is refused, not dropped.

Of Perses's own schemas, https://perses.dev/perses/docs/api/dashboard/ and https://perses.dev/plugins/docs/, 0.52.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Calculation = Literal["first", "first-number", "last", "last-number", "max", "mean", "min", "sum"]


class Strict(BaseModel):
    """A frozen model that takes what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, defer_build=True)


class Format(Strict):
    """How a number is written."""

    unit: str
    decimal_places: int | None = None
    short_values: bool = False


class Step(Strict):
    """From a value onwards, a colour."""

    value: float
    color: str


class Thresholds(Strict):
    """Colours by value."""

    default_color: str = "green"
    steps: tuple[Step, ...] = ()


class Legend(Strict):
    """What names the series of a chart."""

    position: Literal["bottom", "right"]
    mode: Literal["list", "table"] = "list"


class Axis(Strict):
    """The axis of the values."""

    format: Format | None = None
    min: float | None = None
    max: float | None = None


class Visual(Strict):
    """How lines are drawn."""

    line_width: float = 1.25
    area_opacity: float = 0
    stack: Literal["all"] | None = None


class TimeSeriesChart(Strict):
    """Lines over time."""

    legend: Legend | None = None
    y_axis: Axis = Axis()
    visual: Visual = Visual()


class Sparkline(Strict):
    """The course behind a number, as Perses draws it."""


class StatChart(Strict):
    """A number."""

    calculation: Calculation
    format: Format | None = None
    sparkline: Sparkline | None = None
    thresholds: Thresholds | None = None


class GaugeChart(Strict):
    """A number as a part of the most that it can be."""

    calculation: Calculation
    format: Format | None = None
    max: float | None = None
    thresholds: Thresholds | None = None


class BarChart(Strict):
    """A bar for each series."""

    calculation: Calculation
    format: Format | None = None
    sort: Literal["asc", "desc"] | None = None


class Column(Strict):
    """A column of a table."""

    name: str
    header: str | None = None
    hide: bool = False
    sort: Literal["asc", "desc"] | None = None
    format: Format | None = None


class Table(Strict):
    """A row for each series, at the end of the time range."""

    density: Literal["compact", "standard", "comfortable"] = "standard"
    default_column_width: Literal["auto"] = "auto"
    pagination: bool = False
    column_settings: tuple[Column, ...] = ()


class Markdown(Strict):
    """Text."""

    text: str


class TimeSeriesChartPlugin(Strict):
    """Its kind and options, as those below."""

    kind: Literal["TimeSeriesChart"]
    spec: TimeSeriesChart


class StatChartPlugin(Strict):
    kind: Literal["StatChart"]
    spec: StatChart


class GaugeChartPlugin(Strict):
    kind: Literal["GaugeChart"]
    spec: GaugeChart


class BarChartPlugin(Strict):
    kind: Literal["BarChart"]
    spec: BarChart


class TablePlugin(Strict):
    kind: Literal["Table"]
    spec: Table = Table()


class MarkdownPlugin(Strict):
    kind: Literal["Markdown"]
    spec: Markdown


# Of the page's kinds TimeSeriesTable is not here: the raw readings of a range are no panel of Grafana's.
PanelPlugin = Annotated[
    TimeSeriesChartPlugin | StatChartPlugin | GaugeChartPlugin | BarChartPlugin | TablePlugin | MarkdownPlugin,
    Field(discriminator="kind"),
]


class QuerySpec(Strict):
    """A question, and how its series are called."""

    query: str
    series_name_format: str | None = None


class QueryPlugin(Strict):
    kind: Literal["PrometheusTimeSeriesQuery"]
    spec: QuerySpec


class QueryPlace(Strict):
    plugin: QueryPlugin


class Query(Strict):
    kind: Literal["TimeSeriesQuery"]
    spec: QueryPlace


class Display(Strict):
    """A title, with what it means."""

    name: str
    description: str | None = None


class Link(Strict):
    """Where a panel leads."""

    name: str
    url: str


class PanelSpec(Strict):
    display: Display
    plugin: PanelPlugin
    queries: tuple[Query, ...] = ()
    links: tuple[Link, ...] = ()


class Panel(Strict):
    kind: Literal["Panel"]
    spec: PanelSpec


class LabelValues(Strict):
    """The values of a label."""

    label_name: str
    matchers: Annotated[tuple[str, ...], Field(max_length=1)] = ()


class LabelValuesPlugin(Strict):
    kind: Literal["PrometheusLabelValuesVariable"]
    spec: LabelValues


class StaticList(Strict):
    """Values as they are written."""

    values: tuple[str, ...]


class StaticListPlugin(Strict):
    kind: Literal["StaticListVariable"]
    spec: StaticList


class ListSpec(Strict):
    name: str
    display: Display | None = None
    allow_multiple: bool = False
    allow_all_value: bool = False
    custom_all_value: str | None = None
    default_value: str | None = None
    sort: Literal["none", "alphabetical-asc", "alphabetical-desc"] = "none"
    plugin: Annotated[LabelValuesPlugin | StaticListPlugin, Field(discriminator="kind")]


class ListVariable(Strict):
    """One that is chosen."""

    kind: Literal["ListVariable"]
    spec: ListSpec


class TextSpec(Strict):
    name: str
    display: Display | None = None
    value: str


class TextVariable(Strict):
    """One that is written."""

    kind: Literal["TextVariable"]
    spec: TextSpec


class Reference(Strict):
    ref: str = Field(alias="$ref", pattern=r"^#/spec/panels/[^/]+$")

    @property
    def panel(self) -> str:
        """The panel's key."""
        return self.ref.rpartition("/")[2]


class Item(Strict):
    """A panel's place, in a grid of 24 columns, which Grafana's is too."""

    x: int
    y: int
    width: int
    height: int
    content: Reference


class Collapse(Strict):
    open: bool


class GroupDisplay(Strict):
    title: str
    collapse: Collapse = Collapse(open=True)


class GridSpec(Strict):
    display: GroupDisplay | None = None
    items: tuple[Item, ...]


class Grid(Strict):
    kind: Literal["Grid"]
    spec: GridSpec


class Metadata(Strict):
    name: Annotated[str, Field(max_length=40)]
    """Grafana's `uid`, which has at most 40 characters."""
    project: str | None = None


class DashboardSpec(Strict):
    display: Display
    duration: str
    refresh_interval: str | None = None
    variables: tuple[Annotated[ListVariable | TextVariable, Field(discriminator="kind")], ...] = ()
    panels: dict[str, Panel]
    layouts: tuple[Grid, ...]


class Dashboard(Strict):
    """A dashboard of Perses, as a whole."""

    kind: Literal["Dashboard"]
    metadata: Metadata
    spec: DashboardSpec
