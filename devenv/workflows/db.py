"""`devenv db`: named states, migrations, addresses and shells of databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from devenv.databases.atlas import write_atlas_sums
from devenv.databases.database import Database
from devenv.databases.facts import shell_command
from devenv.databases.migrations import MigrationRow
from devenv.databases.snapshots import Snapshot
from devenv.errors import SnapshotError, UsageError
from devenv.spec.read.wording import name_hint
from devenv.spec.sql.migration_names import ATLAS_SUM
from devenv.workflows.access.exclusive import confirm_lock
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import Deployed, Deployment, reach
from devenv.workflows.tool_call import ToolCall

T = TypeVar("T")

_SNAPSHOT_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,29}")
"""Engines make database names of it; those have up to 63 characters in all of them."""


@dataclass(frozen=True, slots=True)
class DatabaseRequest:
    """Which databases of which project."""

    directory: Path
    names: tuple[str, ...] = ()
    """Stacks; empty for all that are deployed."""


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One snapshot of one database."""

    database: str
    snapshot: Snapshot

    def as_dict(self) -> dict[str, str | int]:
        """The row as JSON-ready data."""
        s = self.snapshot
        return {"database": self.database, "name": s.name, "taken": s.taken.isoformat(), "size_bytes": s.size_bytes}


def save(request: DatabaseRequest, name: str, session: Session, *, agreed: bool = False) -> list[str]:
    """Keep the present state under a name; returns the databases.

    Raises:
        UsageError: there is a state of that name, and the user does not want it to be replaced.
    """
    _check(name)
    with reach(request.directory, session, request.names, alone=True) as deployment:
        chosen = deployment.choose(request.names)
        if having := _with_state(deployment, chosen, name):
            _ask(f"The state {name} of {', '.join(d.name for d in having)} is replaced", session, agreed=agreed)
        confirm_lock(deployment.environment.names.project, session)
        _in_parallel(deployment, chosen, lambda database: database.snapshots.save(name))
    return [deployed.name for deployed in chosen]


def restore(request: DatabaseRequest, name: str, session: Session, *, agreed: bool) -> list[str]:
    """Return to a named state; without names, in all databases that have it.

    Raises:
        SnapshotError: no database has it, or a named one has not.
        UsageError: nobody agreed that the present data is dropped.
    """
    with reach(request.directory, session, request.names, alone=True) as deployment:
        chosen = _having(deployment, request, name)
        named = ", ".join(deployed.name for deployed in chosen)
        if not agreed and not session.confirm(f"The present data of {named} is replaced by {name}. Go on?"):
            raise UsageError(f"nothing was restored: replacing the data of {named} takes your consent", hint="--yes")
        confirm_lock(deployment.environment.names.project, session)
        _in_parallel(deployment, chosen, lambda database: database.snapshots.restore(name))
    return [deployed.name for deployed in chosen]


def remove(request: DatabaseRequest, name: str, session: Session, *, agreed: bool = False) -> list[str]:
    """Drop a named state; returns the databases that had it.

    Raises:
        SnapshotError: no database has it, or a named one has not.
        UsageError: the user does not want it after all.
    """
    with reach(request.directory, session, request.names, alone=True) as deployment:
        chosen = _having(deployment, request, name)
        _ask(f"The state {name} of {', '.join(d.name for d in chosen)} is dropped", session, agreed=agreed)
        confirm_lock(deployment.environment.names.project, session)
        _in_parallel(deployment, chosen, lambda database: database.snapshots.remove(name))
    return [deployed.name for deployed in chosen]


def list_snapshots(request: DatabaseRequest, session: Session) -> list[SnapshotRow]:
    """All named states."""
    with reach(request.directory, session, request.names) as deployment:
        chosen = deployment.choose(request.names)
        found = _in_parallel(deployment, chosen, lambda database: database.snapshots.list())
    return [SnapshotRow(d.name, snapshot) for d, snapshots in zip(chosen, found, strict=True) for snapshot in snapshots]


def migration_status(request: DatabaseRequest, session: Session) -> dict[str, tuple[MigrationRow, ...]]:
    """What is applied, pending and drifted, for each database that has migrations."""
    with reach(request.directory, session, request.names) as deployment:
        chosen = [d for d in deployment.choose(request.names) if d.spec.migrations]
        applied = _in_parallel(deployment, chosen, lambda database: database.applied())
        return {
            deployed.name: deployed.compare_migrations(records)
            for deployed, records in zip(chosen, applied, strict=True)
        }


def write_checksums(directory: Path, wanted: Sequence[str], session: Session) -> dict[str, bool]:
    """Bring the checksums of migration files up to date, without a cluster; whether each stack's had to change.

    Raises:
        UsageError: a named stack has no migrations with checksums beside them.
    """
    workspace = load_project(directory, session)
    folders = {
        name: folder
        for name in workspace.selected
        if (database := workspace.stacks[name].spec.database) and database.migrations
        if ((folder := workspace.stacks[name].root / database.migrations) / ATLAS_SUM).is_file()
    }
    for name in wanted:
        if name not in folders:
            hint = name_hint(name, folders, "databases with checksums")
            raise UsageError(f"{name} has no migrations with an {ATLAS_SUM}", hint=hint)
    return {name: write_atlas_sums(folders[name]) for name in wanted or folders}


def migrate(request: DatabaseRequest, session: Session, *, agreed: bool) -> None:
    """Bring the stacks of the databases up to date in the profile that is up, pending migrations included."""
    from devenv.workflows.up import UpRequest, up  # noqa: PLC0415 -- it takes long to load

    with reach(request.directory, session, request.names) as deployment:
        chosen = tuple(deployed.name for deployed in deployment.choose(request.names))
        profile = deployment.environment.workspace.project.profile
    up(UpRequest(request.directory, assume_yes=agreed, only=chosen, profile=profile), session)


def url(request: DatabaseRequest, session: Session) -> dict[str, str]:
    """Where each database answers on this machine, password included."""
    with reach(request.directory, session, request.names) as deployment:
        return {d.name: deployment.address(d).url for d in deployment.choose(request.names)}


def shell(directory: Path, name: str, session: Session, *, on_terminal: bool) -> ToolCall:
    """The command that opens a database's own shell in its container; it reads a script where no terminal is."""
    with reach(directory, session, [name]) as deployment:
        (deployed,) = deployment.choose([name])
        kubectl, spec = deployment.toolbox.kubectl, deployed.spec
        container = ["-c", spec.container] if spec.container else []
        terminal = ["--stdin", "--tty"] if on_terminal else ["--stdin"]
        target = kubectl.call("--namespace", deployed.namespace, "exec", *terminal, spec.workload, *container)
        return ToolCall((*target, "--", *shell_command(spec)))


def _check(name: str) -> None:
    if not _SNAPSHOT_NAME.fullmatch(name):
        raise SnapshotError(
            f"{name!r} cannot be a snapshot's name",
            hint="up to 30 lower-case letters, digits and underscores, a letter or digit first",
        )


def _ask(what: str, session: Session, *, agreed: bool) -> None:
    """Ask before something is lost that was named, where somebody is there to answer; raises UsageError."""
    if not agreed and session.interactive and not session.confirm(f"{what}. Go on?"):
        raise UsageError("nothing was changed", hint="--yes agrees beforehand")


def _having(deployment: Deployment, request: DatabaseRequest, name: str) -> list[Deployed]:
    """The databases that have a snapshot: the named ones, which must have it, or whichever do."""
    chosen = deployment.choose(request.names)
    having = _with_state(deployment, chosen, name)
    lacking = [d.name for d in chosen if d not in having]
    if not having or (request.names and lacking):
        raise SnapshotError(f"{', '.join(lacking) or 'no database'} has no snapshot {name}", hint="devenv db list")
    return having


def _with_state(deployment: Deployment, chosen: Sequence[Deployed], name: str) -> list[Deployed]:
    known = _in_parallel(deployment, chosen, lambda database: database.snapshots.list())
    return [d for d, states in zip(chosen, known, strict=True) if any(s.name == name for s in states)]


def _in_parallel(deployment: Deployment, chosen: Sequence[Deployed], work: Callable[[Database], T]) -> list[T]:
    def one(deployed: Deployed) -> T:
        with deployment.open(deployed) as database:
            return work(database)

    if not chosen:
        return []
    with ThreadPoolExecutor(len(chosen)) as pool:
        return list(pool.map(one, chosen))
