"""The databases of a running environment: which there are, and the way to each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.applied import AppliedMigration
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.migrations import MigrationRow, compare, migration_files
from devenv.errors import DatabaseError, EngineUnavailableError, UsageError
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.environment import Environment
from devenv.runtime.observe.cluster import ClusterFacts, observe_cluster
from devenv.runtime.observe.stack_inputs import database_content, database_seeds
from devenv.runtime.ownership.marks import look
from devenv.runtime.steps.databases import address
from devenv.runtime.toolbox import Toolbox
from devenv.spec.read.wording import name_hint
from devenv.spec.stack import Database as DatabaseSpec
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import LoadedStack, Workspace
from devenv.workflows.access.claim import require_own_folder
from devenv.workflows.access.connect import environment_on
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.project import load_project
from devenv.workflows.access.running import not_running
from devenv.workflows.access.session import Session


@dataclass(frozen=True, slots=True)
class Deployed:
    """One database of the environment."""

    stack: LoadedStack
    spec: DatabaseSpec
    content: str
    """Hash of its migrations and seeds as the files are now."""
    seeds: tuple[Path, ...]
    interrupted: bool = False
    """Its installation has not come to its end, so its migrations may not have."""

    @property
    def name(self) -> str:
        """The stack's name, by which people call it."""
        return self.stack.spec.name

    @property
    def namespace(self) -> str:
        return self.stack.spec.namespace

    def compare_migrations(self, applied: Sequence[AppliedMigration]) -> tuple[MigrationRow, ...]:
        """What is to be said of each migration, from the records of the database; of one without migrations nothing."""
        if not self.spec.migrations:
            return ()
        folder = self.stack.root / self.spec.migrations
        files = migration_files(folder, self.spec.engine, self.stack.spec.images)
        return compare(files, applied, repeatable=True)


class Deployment:
    """A running environment, as far as its databases are concerned."""

    def __init__(self, environment: Environment, facts: ClusterFacts) -> None:
        self.environment = environment
        self.facts = facts

    @cached_property
    def toolbox(self) -> Toolbox:
        """With kubectl, where it is on this machine."""
        kubectl = self.environment.workspace.versions.tools["kubectl"]
        return Toolbox.locate(self.environment.kubeconfig, {"kubectl": kubectl})

    def seeded(self, names: Sequence[str]) -> StackSpec | None:
        """The stack that holds the AWS seeds, where it is among the names, or deployed and no name is given.

        Raises:
            DatabaseError: it is named, and not deployed or not ready.
        """
        stacks = self.environment.workspace.stacks
        spec = next((s for name in self.environment.workspace.selected if (s := stacks[name].spec).seeds), None)
        if spec is None or (names and spec.name not in names) or (not names and spec.name not in self.facts.records):
            return None
        self._require_ready(spec.name)
        return spec

    def choose(self, names: Sequence[str]) -> list[Deployed]:
        """The databases of these stacks, or all that are deployed.

        Raises:
            UsageError: a name is not one of the project's databases.
            DatabaseError: one of them is not deployed, or not ready.
        """
        known = {name: d for name in self.environment.workspace.selected if (d := self._deployed(name))}
        for name in names:
            if name not in known:
                raise _no_database(name, known)
        if not names:
            return [d for name, d in known.items() if name in self.facts.records or d.interrupted]
        chosen = [known[name] for name in dict.fromkeys(names)]
        for deployed in chosen:
            if not deployed.interrupted:
                self._require_ready(deployed.name)
        return chosen

    def address(self, deployed: Deployed) -> Address:
        """Where a database answers, and as whom."""
        return address(self.environment, deployed.name, deployed.namespace, deployed.spec)

    @contextmanager
    def open(self, deployed: Deployed) -> Iterator[Database]:
        """Connect to a database; raises DatabaseError."""
        with open_database(self.address(deployed)) as database:
            yield database

    def _deployed(self, name: str) -> Deployed | None:
        stack = self.environment.workspace.stacks[name]
        if stack.spec.database is None:
            return None
        content = database_content(stack, self.environment.digests)
        installed = any(release.stack == name for release in self.facts.releases)
        interrupted = installed and name not in self.facts.records
        return Deployed(stack, stack.spec.database, content, database_seeds(stack), interrupted)

    def _require_ready(self, name: str) -> None:
        if name not in self.facts.records:
            raise DatabaseError(f"database {name} is not deployed", hint=f"devenv up --only {name}")
        if reason := self.facts.unready(name):
            raise DatabaseError(f"database {name} is not ready", context={"cause": reason}, hint="devenv status")


@contextmanager
def reach(directory: Path, session: Session, names: Sequence[str] = (), *, alone: bool = False) -> Iterator[Deployment]:
    """The running environment of a project; nothing is installed or started.

    Args:
        directory: where devenv.yaml is looked for.
        session: waits for others, where that is needed.
        names: stacks whose databases, or AWS seeds, will be asked for.
        alone: no other run may change it meanwhile: for those who are going to, once they have confirmed the lock.

    Raises:
        UsageError: a name is none that the project could have, whatever runs.
        ClusterError: it does not run, or is not devenv's, or is another folder's.
        LockedError: another run changes the project, and this one is not to wait.
    """
    workspace = load_project(directory, session)
    _require_known(workspace, names)
    environment = environment_on(Engine.connect(), workspace, session)
    with ExitStack() as stack:
        if alone:
            stack.enter_context(exclusive(environment.engine, workspace.project.project, session))
        deployment = _running(environment)
        if profile := deployment.facts.other_profile(workspace.project):
            workspace = load_project(directory, session, profile=profile)
            deployment = Deployment(replace(environment, workspace=workspace), deployment.facts)
        stack.callback(deployment.environment.cluster.close)
        yield deployment


def _require_known(workspace: Workspace, names: Sequence[str]) -> None:
    """Refuse what is no database under any profile, before an engine or a cluster is missed."""
    stacks = {name: stack.spec for name, stack in workspace.stacks.items()}
    for name in names:
        if name not in stacks or not (stacks[name].database or stacks[name].seeds):
            raise _no_database(name, [known for known in workspace.selected if stacks[known].database])


def _no_database(name: str, known: Iterable[str]) -> UsageError:
    return UsageError(f"{name} is no database of this project", hint=name_hint(name, known, "databases"))


def profile_that_is_up(directory: Path, session: Session) -> str | None:
    """The profile that is up where it is not the project's own; None also where no engine or cluster tells it."""
    workspace = load_project(directory, session)
    try:
        environment = environment_on(Engine.connect(), workspace, session)
    except EngineUnavailableError:
        return None  # `devenv dev` may start one, and then there is no cluster yet
    kind_cluster = look(environment.engine, environment.names)
    facts = observe_cluster(kind_cluster, environment.kubeconfig, export=environment.export_kubeconfig)
    return facts.other_profile(workspace.project)


def _running(environment: Environment) -> Deployment:
    names = environment.names
    kind_cluster = look(environment.engine, names)
    require_own_folder(kind_cluster, environment.owner)
    facts = observe_cluster(kind_cluster, environment.kubeconfig, export=environment.export_kubeconfig)
    if facts.state is not ClusterState.RUNNING:
        raise not_running(names, facts.state, facts.reason)
    return Deployment(environment, facts)
