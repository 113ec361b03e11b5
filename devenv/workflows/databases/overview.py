"""What there is of data in an environment: each database with its migrations, and what LocalStack holds.

Responsible for an answer in any case: a database that does not answer is named with the reason.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.databases.migrations import MigrationState
from devenv.errors import DevenvError
from devenv.runtime.steps.localstack import local_stack
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import Deployed, Deployment, reach

if TYPE_CHECKING:
    from devenv.localstack import Message, Resources


@dataclass(frozen=True, slots=True)
class DatabaseOverview:
    """One database."""

    name: str
    """Of its stack."""
    engine: str
    database: str
    address: str
    """Host and port on this machine; empty where it has none."""
    migrations: tuple[tuple[MigrationState, int], ...] = ()
    """How many there are in each state; empty for a database without migrations."""
    snapshots: tuple[str, ...] = ()
    is_current: bool = True
    """Whether a reset returns to what the files say now, and so takes a moment only."""
    problem: str = ""
    """Why nothing is known of it."""


@dataclass(frozen=True, slots=True)
class DataOverview:
    """All of them."""

    databases: tuple[DatabaseOverview, ...] = ()
    aws: Resources | None = None
    """None where there is no LocalStack, or it does not answer."""
    aws_stack: str = ""
    """The stack that LocalStack is; empty where none is installed."""
    aws_problem: str = ""


def read_overview(directory: Path, session: Session) -> DataOverview:
    """Look at all data of the environment that runs; raises what `reach` does."""
    with reach(directory, session) as deployment:
        chosen = deployment.choose(())
        with ThreadPoolExecutor(len(chosen) + 1, thread_name_prefix="overview") as pool:
            aws = pool.submit(_aws, deployment)
            databases = tuple(pool.map(lambda deployed: _database(deployment, deployed), chosen))
            return replace(aws.result(), databases=databases)


def read_messages(directory: Path, session: Session, queue: str) -> list[Message]:
    """The messages that wait in a queue, which stay there; raises what `reach` does, and DatabaseError."""
    with reach(directory, session) as deployment:
        return local_stack(deployment.environment).messages(queue)


def _database(deployment: Deployment, deployed: Deployed) -> DatabaseOverview:
    spec = deployed.spec
    row = DatabaseOverview(deployed.name, spec.engine, spec.name, "")
    try:
        place = deployment.address(deployed)
        row = replace(row, address=f"{place.host}:{place.port}")
        with deployment.open(deployed) as database:
            rows = deployed.compare_migrations(database.applied()) if spec.migrations else ()
            return replace(
                row,
                migrations=tuple(sorted(Counter(migration.state for migration in rows).items())),
                snapshots=tuple(snapshot.name for snapshot in database.snapshots.list()),
                is_current=database.pristine() == deployed.content,
            )
    except DevenvError as error:
        return replace(row, problem=error.message)


def _aws(deployment: Deployment) -> DataOverview:
    workspace, facts = deployment.environment.workspace, deployment.facts
    stacks = [name for name in workspace.selected if workspace.stacks[name].spec.seeds and name in facts.records]
    if not stacks:
        return DataOverview()
    try:
        return DataOverview(aws=local_stack(deployment.environment).resources(), aws_stack=stacks[0])
    except DevenvError as error:
        return DataOverview(aws_stack=stacks[0], aws_problem=error.message)
