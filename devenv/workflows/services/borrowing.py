"""A service that a command changes for a while, and gives back as it was: what `devenv debug` and `intercept` share.

How a workload is changed is decided in `devenv.runtime`; it is changed and given back by steps, the latter by those of
`devenv up` as well, where this process was killed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from devenv.adapters.kubernetes.cluster import Workload
from devenv.adapters.kubernetes.discovery import object_path
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import Borrower, Purpose, borrower
from devenv.adapters.kubernetes.watch import PATHS
from devenv.adapters.process import is_over, this_process
from devenv.errors import (
    ClusterError,
    DebuggedError,
    InterceptedError,
    NotDebuggableError,
    NotInterceptableError,
    UsageError,
)
from devenv.events import Emit, Noted
from devenv.images.catalogue.presence import observe_images
from devenv.plan.parts import plan_awaiting, plan_borrow, plan_build
from devenv.plan.plan import Plan
from devenv.plan.provision import BUILDX
from devenv.plan.steps import DebugWorkload, InterceptWorkload
from devenv.runtime.borrowing.record import BorrowRecord
from devenv.runtime.run_state import RunState
from devenv.runtime.toolbox import Toolbox
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import Deployment
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform
from devenv.workflows.services.forward import Pairs, Pods, lead

_SIGNAL_SECONDS = 0.5
"""A signal that arrives just before a wait begins does not end it: the wait is begun anew this often."""
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Kind:
    """What differs between the commands."""

    step: type[DebugWorkload | InterceptWorkload]
    held: type[ClusterError]
    refused: type[UsageError]
    had: str
    """How a service is that somebody has."""


_KINDS: Mapping[Purpose, _Kind] = {
    "debug": _Kind(DebugWorkload, DebuggedError, NotDebuggableError, "under the debugger of another devenv debug"),
    "intercept": _Kind(
        InterceptWorkload, InterceptedError, NotInterceptableError, "intercepted by another devenv intercept"
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What a service's workload becomes."""

    template: Callable[[Json], Json]
    """Makes the template of its pods of the former one."""
    helper: str = ""
    """The image with a program that its pods get, by its name in the catalogue."""
    addresses: Mapping[str, int] = field(default_factory=dict)
    """Places in the cluster that ports of this machine lead to meanwhile."""


@dataclass(frozen=True, slots=True)
class Service:
    """The one that is changed."""

    deployment: Deployment
    stack: str
    workload: Workload
    purpose: Purpose

    def way_back(self, session: Session) -> BorrowRecord:
        """How it is as nobody has changed it; the project is locked.

        Raises:
            DebuggedError, InterceptedError: another process has it.
            NotDebuggableError, NotInterceptableError: nobody could give it back as it was.
        """
        live = self.deployment.environment.cluster.objects.fetch(self._path)
        holder, record = borrower(live), BorrowRecord.before(live)
        if holder and not is_over(holder.process):
            kind = _KINDS[holder.purpose]
            raise kind.held(
                f"{self.stack} is {kind.had}",
                context={"process": holder.process.rpartition("/")[2].partition(".")[0]},
                hint="end that one, which gives the service back: Ctrl-C",
            )
        if record is None:
            raise _KINDS[self.purpose].refused(
                f"{self.workload.kind.lower()} {self.workload.name} was applied by neither Helm nor devenv, which "
                "could give it back",
                hint=f"devenv up --only {self.stack}",
            )
        if holder:
            left = "under a debugger" if holder.purpose == "debug" else "intercepted"
            session.emit(Noted(f"{self.stack} was left {left}, and is taken over"))
        return record

    def change(self, record: BorrowRecord, change: Change, session: Session) -> None:
        """Change it, and wait until it is; raises RunFailedError. The project is locked."""
        environment, began = self.deployment.environment, time.monotonic()
        by = Borrower(this_process(), self.purpose)
        manifest = json.dumps(record.changed(self.stack, by, change.template, change.addresses))
        spec = environment.workspace.stacks[self.stack].spec
        found = self.workload
        step = _KINDS[self.purpose].step(
            spec.name, spec.layer, found.namespace, found.kind, found.name, record.manager, manifest, spec.deadline
        )
        tools = environment.workspace.versions.tools
        state = RunState(Toolbox.locate(environment.kubeconfig, {name: tools[name] for name in ("kubectl", BUILDX)}))
        info = RunInfo(began, session.open_log(environment.state / "logs"))

        def plan() -> Plan:
            return self._plan(step, change.helper, state)

        perform(plan(), environment, state, session, info, again=f"devenv {self.purpose} {self.stack}", replan=plan)

    def _plan(self, step: DebugWorkload | InterceptWorkload, helper: str, state: RunState) -> Plan:
        environment = self.deployment.environment
        names = [helper] if helper else []
        described = environment.catalogue.described(names)
        images = observe_images(environment.engine, described, names, "auto", given_up=state.given_up)
        has_buildx = BUILDX in state.toolbox.programs
        provided = plan_build(environment.names, names, images, "auto", has_buildx=has_buildx)
        references = {name: environment.catalogue[name].own or "" for name in names}
        return plan_borrow(environment.names, step, references, provided)

    def is_had(self) -> bool:
        """Whether this process has it still."""
        kind, informer = self.workload.kind, self.deployment.environment.cluster.informer()
        holders = map(borrower, informer.snapshot()[kind])
        return any(holder and holder.process == this_process() for holder in holders)

    def await_loss(self, leading: Leading, session: Session, end: threading.Event) -> None:
        """Wait until somebody else changes it; raises ClusterError where no port leads there any more.

        Args:
            leading: the way there.
            session: is told that it was changed.
            end: set when it is enough; the informer is to be woken then.
        """
        informer = self.deployment.environment.cluster.informer()
        while not end.is_set():
            leading.check()
            revision = informer.revision
            if not self.is_had():
                changed = f"{self.stack} was changed by somebody else: devenv {self.purpose} has it no longer"
                session.emit(Noted(changed, "warning", f"devenv {self.purpose} {self.stack}"))
                return
            informer.wait(revision, _LOOK_SECONDS)

    def give_back(self, session: Session) -> None:
        """Bring it back to what it was, where it is still this process's."""
        environment = self.deployment.environment
        holders = [borrower(item) for _, item in environment.cluster.borrowed_workloads(self.stack)]
        if not any(holder and holder.process == this_process() for holder in holders):
            return
        # What ended the session is no reason to leave the service as it is; who insists ends this too.
        session = replace(session, cancel=threading.Event())
        with exclusive(environment.engine, environment.names.project, session):
            stacks = [environment.workspace.stacks[self.stack]]
            plan = plan_awaiting(environment.names, stacks, (), "to be given back")
            info = RunInfo(time.monotonic())
            perform(plan, environment, RunState(self.deployment.toolbox), session, info, checks_room=False)

    @property
    def _path(self) -> str:
        return object_path(PATHS[self.workload.kind], f"{self.workload.namespace}/{self.workload.name}")


class Leading:
    """Ports of this machine on their way to a pod."""

    def __init__(self, future: Future[None], opened: threading.Event) -> None:
        self._future, self._opened = future, opened
        future.add_done_callback(lambda _: opened.set())

    def await_open(self, seconds: float | None = None) -> None:
        """Wait until they lead there, at most for so long; raises ClusterError where none can."""
        until = None if seconds is None else time.monotonic() + seconds
        while not self._opened.wait(_SIGNAL_SECONDS) and (until is None or time.monotonic() < until):
            continue
        self.check()

    def check(self) -> None:
        """Raise ClusterError where none leads there any more."""
        if self._future.done():
            self._future.result()


@contextmanager
def led(deployment: Deployment, pods: Pods, pairs: Pairs, emit: Emit) -> Iterator[Leading]:
    """While the body runs, ports of this machine lead to one of some pods, as soon as there is one."""
    informer, kubectl = deployment.environment.cluster.informer(), deployment.toolbox.kubectl
    end, opened = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="lead") as pool:
        future = pool.submit(lead, kubectl, informer, pods, pairs, emit=emit, end=end, on_open=opened.set)
        try:
            yield Leading(future, opened)
        finally:
            end.set()
            informer.wake()
