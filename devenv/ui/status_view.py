"""`devenv status` for people and for programs (docs/schema/status.schema.json)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devenv.ui.tables import print_table
from devenv.ui.wording import count

if TYPE_CHECKING:
    from devenv.workflows.status import StatusReport


def status_as_json(report: StatusReport) -> str:
    """The report as one JSON document."""
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
        "alerts": report.alerts,
        "notes": list(report.notes),
    }
    return json.dumps(document, indent=2)


def print_status(report: StatusReport) -> None:
    """Print the report as tables to standard output."""
    reason = f" ({report.reason})" if report.reason else ""
    print(f"{report.project}: cluster {report.cluster} is {report.state}{reason}")  # noqa: T201 -- this is the data
    if report.nodes:
        print_table(
            ("node", "role", "state"),
            [
                (n.name, n.role, "ready" if n.ready else n.reason or ("running" if n.running else "stopped"))
                for n in report.nodes
            ],
        )
    print_table(
        ("layer", "stack", "namespace", "version", "state", "reason"),
        [(s.layer, s.name, s.namespace, s.version, str(s.state), s.reason) for s in report.stacks],
    )
    if report.endpoints:
        print_table(("endpoint", "stack", "url"), [(e.name, e.stack, e.url) for e in report.endpoints])
    if report.alerts is not None:
        firing = f"{count(report.alerts, 'alert')} firing: devenv alerts" if report.alerts else "no alert fires"
        print(firing)  # noqa: T201 -- this is the data
    for note in report.notes:
        print(f"note: {note}")  # noqa: T201 -- this is the data
    if report.credentials:
        rows = [(c.name, c.stack, key, value) for c in report.credentials for key, value in c.values]
        print_table(("credential", "stack", "key", "value"), rows)
