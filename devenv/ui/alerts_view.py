"""`devenv alerts` for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from devenv.ui.tables import print_table
from devenv.ui.wording import duration, one_line

if TYPE_CHECKING:
    from devenv.adapters.alertmanager import Alert


def alerts_as_json(alerts: Sequence[Alert]) -> str:
    """A JSON list, worst first."""
    rows = [
        {
            "name": alert.name,
            "severity": alert.severity,
            "since": alert.since.isoformat(),
            "summary": alert.summary,
            "description": alert.description,
            "runbook": alert.runbook,
            "labels": dict(alert.labels),
        }
        for alert in alerts
    ]
    return json.dumps(rows, indent=2)


def print_alerts(alerts: Sequence[Alert]) -> None:
    """Print a table to standard output, and below it what to do about each kind of alert."""
    if not alerts:
        print("no alert fires")  # noqa: T201 -- this is the data
        return
    now = datetime.now(UTC)
    print_table(
        ("alert", "severity", "since", "summary"),
        [(a.name, a.severity, f"{duration((now - a.since).total_seconds())} ago", one_line(a.summary)) for a in alerts],
    )
    for name, runbook in {alert.name: one_line(alert.runbook) for alert in alerts if alert.runbook}.items():
        print(f"{name}: {runbook}")  # noqa: T201 -- this is the data
