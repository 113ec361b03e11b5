"""`devenv debug`: a service under the debugger of its language, a port that leads there, and the service given back.

Responsible for the order of things. How a workload is changed is decided in `devenv.runtime.debugging`; it is changed
and given back by steps, the latter by those of `devenv up` as well, where this process was killed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.adapters.host.ports import first_free
from devenv.adapters.kubernetes.cluster import Workload
from devenv.adapters.kubernetes.discovery import object_path
from devenv.adapters.kubernetes.objects import debugging_process
from devenv.adapters.kubernetes.watch import PATHS, Informer
from devenv.adapters.process import is_over, this_process
from devenv.errors import DebuggedError, NotDebuggableError
from devenv.events import DebuggerStarted, Event, Noted
from devenv.images.catalogue.presence import observe_images
from devenv.plan.parts import plan_awaiting, plan_build, plan_debug
from devenv.plan.plan import Plan
from devenv.plan.provision import BUILDX
from devenv.plan.steps import DebugWorkload
from devenv.runtime.debugging.attach import attach_configuration
from devenv.runtime.debugging.languages import DEBUGGERS, Language
from devenv.runtime.debugging.record import DebugRecord
from devenv.runtime.run_state import RunState
from devenv.runtime.toolbox import Toolbox
from devenv.spec.project import LOOPBACK
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import Deployment, reach
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform
from devenv.workflows.services.choice import choose_workload
from devenv.workflows.services.debugged_program import DebuggedProgram, debugged_program
from devenv.workflows.services.forward import lead, named_port

_SIGNAL_SECONDS = 0.5
"""A signal that arrives just before a wait begins does not end it: the wait is begun anew this often."""
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class DebugRequest:
    """What the user asked for."""

    directory: Path
    stack: str
    language: Language | None = None
    """Told from what runs where it is not given."""
    port: int | None = None
    """Of this machine; the debugger's own number or the next free one where it is not given."""
    workload: str = ""
    container: str = ""
    waits: bool = False
    """Whether the program begins only once somebody has attached."""


@dataclass(frozen=True, slots=True)
class Debugged:
    """A service that runs under a debugger, which a port of this machine leads to."""

    started: DebuggerStarted
    _workload: Workload
    _informer: Informer
    _leading: Future[None]
    _session: Session

    def wait(self) -> None:
        """Until somebody else changes the service; raises ClusterError where no port leads there any more."""
        while not self._leading.done():
            revision, objects = self._informer.revision, self._informer.snapshot()
            if not any(debugging_process(item) == this_process() for item in objects[self._workload.kind]):
                changed = f"{self.started.stack} was changed by somebody else, and is no longer under the debugger"
                self._session.emit(Noted(changed, "warning", f"devenv debug {self.started.stack}"))
                return
            self._informer.wait(revision, _LOOK_SECONDS)
        self._leading.result()


@contextmanager
def debugging(request: DebugRequest, session: Session) -> Iterator[Debugged]:
    """Have a service run under a debugger for the length of a block; after it, the service is as it was.

    Raises:
        UsageError: there is no such stack, workload or container, or it is not clear which is meant.
        NotDebuggableError: its language cannot be told, or no debugger can start what it runs.
        DebuggedError: it is under another one's debugger.
        PortTakenError: the port that was named is somebody else's.
        ClusterError: the stack is not installed, or the cluster does not run.
        RunFailedError: it does not run under the debugger; the cause was reported as an event.
    """
    with reach(request.directory, session) as deployment:
        found = choose_workload(deployment, request.stack, request.workload)
        port = None if request.port is None else named_port(request.port)
        try:
            with exclusive(deployment.environment.engine, deployment.environment.names.project, session):
                program = _start(deployment, found, request, session)
            debugger = DEBUGGERS[program.debugging.language]
            started = _started(request.stack, program, port or first_free(debugger.port))
            informer = deployment.environment.cluster.informer()
            with _led(deployment, found, (started.port, debugger.port), session) as leading:
                session.emit(started)
                yield Debugged(started, found, informer, leading, session)
        finally:
            _give_back(deployment, request.stack, session)


def _start(deployment: Deployment, found: Workload, request: DebugRequest, session: Session) -> DebuggedProgram:
    """Put the workload under its debugger; the project is locked."""
    environment, began = deployment.environment, time.monotonic()
    live = environment.cluster.objects.fetch(object_path(PATHS[found.kind], f"{found.namespace}/{found.name}"))
    holder, record = debugging_process(live), DebugRecord.before(live)
    if holder and not is_over(holder):
        raise DebuggedError(
            f"{request.stack} is under the debugger of another devenv debug",
            context={"process": holder.rpartition("/")[2].partition(".")[0]},
            hint="end that one, which gives the service back: Ctrl-C",
        )
    if record is None:
        raise NotDebuggableError(
            f"{found.kind.lower()} {found.name} was applied by neither Helm nor devenv, which could give it back",
            hint=f"devenv up --only {request.stack}",
        )
    if holder:
        session.emit(Noted(f"{request.stack} was left under a debugger, and is taken over"))
    template = record.former["spec"]["template"]["spec"]
    program = debugged_program(
        environment,
        template,
        request.stack,
        container=request.container,
        language=request.language,
        waits=request.waits,
    )
    manifest = json.dumps(record.debugged(request.stack, program.debugging, this_process()))
    spec = environment.workspace.stacks[request.stack].spec
    step = DebugWorkload(
        spec.name, spec.layer, found.namespace, found.kind, found.name, record.manager, manifest, spec.deadline
    )
    tools = environment.workspace.versions.tools
    state = RunState(Toolbox.locate(environment.kubeconfig, {name: tools[name] for name in ("kubectl", BUILDX)}))
    info = RunInfo(began, session.open_log(environment.state / "logs"))

    def plan() -> Plan:
        return _plan(deployment, step, program, state)

    perform(plan(), environment, state, session, info, again=f"devenv debug {request.stack}", replan=plan)
    return program


def _plan(deployment: Deployment, step: DebugWorkload, program: DebuggedProgram, state: RunState) -> Plan:
    environment = deployment.environment
    names = [program.helper] if program.helper else []
    images = observe_images(
        environment.engine, environment.catalogue.described(names), names, "auto", given_up=state.given_up
    )
    has_buildx = BUILDX in state.toolbox.programs
    provided = plan_build(environment.names, names, images, "auto", has_buildx=has_buildx)
    return plan_debug(environment.names, step, dict.fromkeys(names, program.debugging.image), provided)


def _started(stack: str, program: DebuggedProgram, port: int) -> DebuggerStarted:
    language = program.debugging.language
    configuration = attach_configuration(language, stack, port, program.sources, program.inside)
    return DebuggerStarted(stack, language, DEBUGGERS[language].title, LOOPBACK, port, configuration)


@contextmanager
def _led(deployment: Deployment, found: Workload, ports: tuple[int, int], session: Session) -> Iterator[Future[None]]:
    """While the body runs, a port of this machine leads to one of the workload's pod; it does when the body begins."""
    informer, kubectl = deployment.environment.cluster.informer(), deployment.toolbox.kubectl
    end, opened = threading.Event(), threading.Event()

    def told(event: Event) -> None:
        session.emit(event)
        opened.set()

    with ThreadPoolExecutor(1, thread_name_prefix="debug") as pool:
        leading = pool.submit(lead, kubectl, informer, found, [ports], emit=told, end=end)
        leading.add_done_callback(lambda _: opened.set())
        try:
            while not opened.wait(_SIGNAL_SECONDS):
                continue
            if leading.done():
                leading.result()
            yield leading
        finally:
            end.set()
            informer.wake()


def _give_back(deployment: Deployment, stack: str, session: Session) -> None:
    """Bring the service back to what it was, where it is still this process's."""
    environment = deployment.environment
    mine = [debugging_process(item) for _, item in environment.cluster.debugged_workloads(stack)]
    if this_process() not in mine:
        return
    # What ended the session is no reason to leave the service as it is; who insists ends this too.
    session = replace(session, cancel=threading.Event())
    with exclusive(environment.engine, environment.names.project, session):
        plan = plan_awaiting(environment.names, [environment.workspace.stacks[stack]], (), "to be given back")
        info = RunInfo(time.monotonic())
        perform(plan, environment, RunState(deployment.toolbox), session, info, checks_room=False)
