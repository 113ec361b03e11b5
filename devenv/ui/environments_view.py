"""`devenv list` for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from devenv.ui.tables import print_table
from devenv.ui.wording import one_line

if TYPE_CHECKING:
    from devenv.workflows.environments import EnvironmentRow

_MIB = 1 << 20


def environments_as_json(rows: Sequence[EnvironmentRow]) -> str:
    """A JSON list, by project."""
    return json.dumps([row.as_dict() for row in rows], indent=2)


def print_environments(rows: Sequence[EnvironmentRow]) -> None:
    """Print a table to standard output."""
    if not rows:
        print("no environment is in this engine: devenv up makes one")  # noqa: T201 -- this is the data
        return
    print_table(
        ("project", "state", "nodes", "memory", "ports", "folder"),
        [(r.project, _state(r), str(r.nodes), _memory(r), _ports(r), _folder(r)) for r in rows],
    )


def _state(row: EnvironmentRow) -> str:
    return f"{row.state} (devenv {row.changed_by} is at it)" if row.changed_by else str(row.state)


def _memory(row: EnvironmentRow) -> str:
    return f"{row.memory_bytes / _MIB:.0f} MiB" if row.memory_bytes else "-"


def _ports(row: EnvironmentRow) -> str:
    """Those that a browser takes by their number, then all that databases may have."""
    named = [f"{port.role} {port.port}" for port in row.ports if port.role != "database"]
    databases = [str(port.port) for port in row.ports if port.role == "database"]
    return ", ".join([*named, *([f"databases {' '.join(databases)}"] if databases else [])]) or "-"


def _folder(row: EnvironmentRow) -> str:
    return one_line(row.folder or "not recorded") + (" (is no more)" if row.gone else "")
