"""`devenv status` for people and for programs (docs/schema/status.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from devenv.plan.cluster_state import ClusterState
from devenv.ui.tables import make_table, print_table
from devenv.ui.wording import clean, count

if TYPE_CHECKING:
    from rich.console import Group

    from devenv.workflows.status import StatusReport


def status_as_json(report: StatusReport, *, indent: int | None = 2) -> str:
    """The report as one JSON document; without `indent` on one line."""
    document: dict[str, Any] = {
        "project": report.project,
        "ready": report.ready,
        "cluster": {
            "name": report.cluster,
            "state": str(report.state),
            "reason": report.reason,
            "nodes": [
                {"name": n.name, "role": n.role, "running": n.running, "ready": n.ready, "reason": n.reason}
                for n in report.nodes
            ],
        },
        "stacks": [
            {
                "name": s.name,
                "layer": s.layer,
                "namespace": s.namespace,
                "version": s.version,
                "state": str(s.state),
                "ready": s.ready,
                "reason": s.reason,
            }
            for s in report.stacks
        ],
        "endpoints": [{"name": e.name, "stack": e.stack, "url": e.url} for e in report.endpoints],
        "credentials": [{"name": c.name, "stack": c.stack, "values": dict(c.values)} for c in report.credentials],
        "tasks": [
            {"name": t.name, "state": str(t.state), "at": t.at, "url": t.url, "reason": t.reason} for t in report.tasks
        ],
        "alerts": report.alerts,
        "notes": list(report.notes),
    }
    return json.dumps(document, indent=indent)


def print_status(report: StatusReport) -> None:
    """Print the report as tables to standard output."""
    for block in _blocks(report):
        if isinstance(block, str):
            print(block)  # noqa: T201 -- this is the data
        else:
            print_table(*block)


def live_status(report: StatusReport) -> Group:
    """The same for a screen that is drawn again and again."""
    # What draws takes long to load, and a pipe does without.
    from rich.console import Group  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    return Group(*(Text(clean(block)) if isinstance(block, str) else make_table(*block) for block in _blocks(report)))


_Table = tuple[Sequence[str], list[Sequence[str]]]


def _blocks(report: StatusReport) -> Iterator[str | _Table]:
    """Lines, and tables as their headers and rows."""
    reason = f" ({report.reason})" if report.reason else ""
    way_on = ": devenv start" if report.state is ClusterState.STOPPED else ""
    yield f"{report.project}: cluster {report.cluster} is {report.state}{reason}{way_on}"
    if report.nodes:
        states = [n.reason or ("running" if n.running else "stopped") for n in report.nodes]
        yield (
            ("node", "role", "state"),
            [(n.name, n.role, "ready" if n.ready else state) for n, state in zip(report.nodes, states, strict=True)],
        )
    yield (
        ("layer", "stack", "namespace", "version", "state", "reason"),
        [(s.layer, s.name, s.namespace, s.version, str(s.state), s.reason) for s in report.stacks],
    )
    if report.endpoints:
        yield ("endpoint", "stack", "url"), [(e.name, e.stack, e.url) for e in report.endpoints]
    if report.tasks:
        yield (
            ("task", "state", "since", "url", "reason"),
            [(t.name, str(t.state), t.at or "-", t.url, t.reason) for t in report.tasks],
        )
    if report.alerts is not None:
        yield f"{count(report.alerts, 'alert')} firing: devenv alerts" if report.alerts else "no alert fires"
    yield from (f"note: {note}" for note in report.notes)
    if report.credentials:
        rows: list[Sequence[str]] = [
            (c.name, c.stack, key, value) for c in report.credentials for key, value in c.values
        ]
        yield ("credential", "stack", "key", "value"), rows
