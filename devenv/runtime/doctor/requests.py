"""What the stacks of a project ask of their nodes, as far as their values tell it.

Responsible for adding up `resources.requests`, each as often as the replicas beside it. No chart is rendered, which
would take seconds: what a chart asks for without a value is not seen. Pure but for the charts' own values.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devenv.spec.render import merged
from devenv.spec.workspace import LoadedStack, Workspace
from devenv.spec.yaml.loader import Loader

_REPLICAS = ("replicas", "replicaCount")


@dataclass(frozen=True, slots=True)
class Requests:
    """Memory in bytes and processors."""

    memory: float = 0.0
    processors: float = 0.0

    def __add__(self, other: Requests) -> Requests:
        return Requests(self.memory + other.memory, self.processors + other.processors)


def requests_of(workspace: Workspace) -> dict[str, Requests]:
    """By stack, for those that are chosen and needed."""
    return {name: _of_stack(workspace, workspace.stacks[name]) for name in workspace.selected}


def requests_in(values: Any, replicas: int = 1) -> Requests:
    """What values ask for, wherever in them; what is no quantity counts as nothing."""
    total = Requests()
    if isinstance(values, list):
        for item in values:
            total += requests_in(item, replicas)
    if not isinstance(values, Mapping):
        return total
    own = next((values[name] for name in _REPLICAS if isinstance(values.get(name), int)), replicas)
    for key, value in values.items():
        if key == "requests" and isinstance(value, Mapping):
            total += Requests(own * _quantity(value.get("memory")), own * _quantity(value.get("cpu")))
        else:
            total += requests_in(value, own)
    return total


def _of_stack(workspace: Workspace, stack: LoadedStack) -> Requests:
    values = merged(stack.spec.values, stack.profile_values.get(workspace.project.profile, {}))
    values = merged(values, stack.file_values)
    values = merged(values, workspace.chosen_values(stack.spec.name))
    defaults: dict[str, Any] = {}
    for chart in _charts(stack, workspace.charts):
        defaults = merged(defaults, chart)
    return requests_in(merged(defaults, values))


def _charts(stack: LoadedStack, shared: Path) -> Iterator[dict[str, Any]]:
    """The default values of charts that are folders: of the stack's own, or shared by several."""
    for source in stack.spec.sources:
        chart = source.chart
        if chart and (chart.path or chart.builtin) and not chart.module:
            folder = shared / chart.builtin if chart.builtin else stack.root / str(chart.path)
            file = folder / "values.yaml"
            loaded = yaml.load(file.read_bytes(), Loader) if file.is_file() else None  # noqa: S506 -- a safe one
            if isinstance(loaded, dict):
                yield loaded


def _quantity(text: Any) -> float:
    # Its package takes long to load, and only the first `up` of a project asks.
    from lightkube.utils.quantity import parse_quantity  # noqa: PLC0415

    try:
        return float(parse_quantity(str(text)) or 0) if text is not None else 0.0
    except ValueError:
        return 0.0
