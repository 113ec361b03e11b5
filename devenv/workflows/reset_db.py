"""`devenv reset-db`: databases back to what migrations and seeds make."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from devenv.databases.spares import start_making
from devenv.errors import UsageError
from devenv.events import Noted
from devenv.plan.image import Mode
from devenv.plan.parts import plan_reset
from devenv.plan.steps import ResetAws, ResetDatabase
from devenv.runtime.run_state import RunState
from devenv.spec.checks.migration_files import require_sound_migrations
from devenv.spec.stack import StackSpec
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import Deployed, Deployment, reach
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """What the user asked for."""

    directory: Path
    names: tuple[str, ...] = ()
    assume_yes: bool = False
    images: Mode = "auto"


@dataclass(frozen=True, slots=True)
class ResetRow:
    """What became of one database."""

    name: str
    engine: str
    how: str
    """`pristine` (kept in the server), `migrations` (run from nothing: they changed) or `seeds` (LocalStack)."""
    seconds: float

    def as_dict(self) -> dict[str, str | float]:
        """The row as JSON-ready data."""
        return {"name": self.name, "engine": self.engine, "how": self.how, "seconds": round(self.seconds, 3)}


def reset_db(request: ResetRequest, session: Session) -> list[ResetRow]:
    """Reset the named databases, or all; returns what was done.

    Raises:
        UsageError: an unknown name, or nobody agreed that data is dropped.
        DatabaseError: a named database is not deployed or not ready.
        RunFailedError: some could not be reset; each was reported as an event.
    """
    began = time.monotonic()
    with reach(request.directory, session, request.names, alone=True) as deployment:
        aws = deployment.seeded(request.names)
        names = [name for name in request.names if aws is None or name != aws.name]
        chosen = deployment.choose(names) if names or not request.names else []
        if not chosen and not aws:
            session.emit(Noted("no database is deployed", hint="devenv up"))
            return []
        changed = _changed(deployment, chosen)
        # Before anything is begun with files that could not be applied then.
        require_sound_migrations(deployed.stack for deployed in chosen)
        _agree(chosen, aws, request, session)
        log = session.open_log(deployment.environment.state / "logs")
        kept = [d.stack.spec for d in chosen if d.name not in changed]
        times = _reset_to_kept_states(deployment, kept, aws, session, RunInfo(began, log))
        if changed:
            times |= _reset_by_migrations(deployment, changed, request, session)
        start_making([deployment.address(d) for d in chosen])
    rows = [
        ResetRow(d.name, d.spec.engine, "migrations" if d.name in changed else "pristine", times[d.name])
        for d in chosen
    ]
    return [*rows, *([ResetRow(aws.name, "aws", "seeds", times[aws.name])] if aws else [])]


def _reset_to_kept_states(
    deployment: Deployment, databases: Sequence[StackSpec], aws: StackSpec | None, session: Session, info: RunInfo
) -> dict[str, float]:
    """Bring databases back to their pristine states, LocalStack to its seeds; returns the seconds that each took."""
    environment = deployment.environment
    plan = plan_reset(environment.names, databases, aws, environment.workspace.seeds.to_json())
    if not plan.nodes:
        return {}
    report = perform(plan, environment, RunState(deployment.toolbox), session, info, again="devenv reset-db")
    resets = [node.step for node in plan.nodes if isinstance(node.step, ResetDatabase | ResetAws)]
    return {step.stack: report.results[step.key].seconds for step in resets}


def _reset_by_migrations(
    deployment: Deployment, changed: Collection[str], request: ResetRequest, session: Session
) -> dict[str, float]:
    """Have `up` make new pristine states and reset to them; returns the seconds that each took."""
    # All that brings an environment up takes long to load, and most resets need nothing of it.
    from devenv.workflows.up import UpRequest, up  # noqa: PLC0415

    began = time.monotonic()
    # What a reset drops was agreed to; what else a change of the stack would lose was not.
    # Live data is replaced at the end, once all that takes its place has been made.
    only, profile = tuple(changed), deployment.environment.workspace.project.profile
    up(UpRequest(request.directory, only=only, profile=profile, images=request.images, renewed=only), session)
    return dict.fromkeys(changed, time.monotonic() - began)


def _changed(deployment: Deployment, chosen: Sequence[Deployed]) -> frozenset[str]:
    """Those whose pristine state is none, or made from other migrations or seeds than there are now."""

    def is_changed(deployed: Deployed) -> bool:
        if deployed.interrupted:
            return True
        with deployment.open(deployed) as database:
            return database.pristine() != deployed.content

    if not chosen:
        return frozenset()
    with ThreadPoolExecutor(len(chosen)) as pool:
        answers = list(pool.map(is_changed, chosen))
    return frozenset(deployed.name for deployed, differs in zip(chosen, answers, strict=True) if differs)


def _agree(chosen: Sequence[Deployed], aws: StackSpec | None, request: ResetRequest, session: Session) -> None:
    if request.assume_yes:
        return
    named = ", ".join([*(f"{d.name} ({d.spec.engine} {d.spec.name})" for d in chosen), *([aws.name] if aws else [])])
    if not session.confirm(f"All data in {named} is dropped. Go on?"):
        raise UsageError(
            f"nothing was reset: dropping the data of {named} takes your consent", hint="devenv reset-db --yes"
        )
