"""`devenv debug`: a service under the debugger of its language, and a port that leads there.

Responsible for the order of things. How a workload is changed is decided in `devenv.runtime.debugging`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devenv.adapters.host.ports import first_free
from devenv.events import DebuggerStarted
from devenv.runtime.debugging.attach import attach_configuration
from devenv.runtime.debugging.languages import DEBUGGERS, Language
from devenv.runtime.debugging.pod_template import debugged_template
from devenv.spec.project import LOOPBACK
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import reach
from devenv.workflows.services.borrowing import Change, Leading, Service, led
from devenv.workflows.services.choice import choose_workload
from devenv.workflows.services.debugged_program import DebuggedProgram, debugged_program
from devenv.workflows.services.forward import Pods, find, named_port


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
    _service: Service
    _leading: Leading
    _session: Session

    def wait(self) -> None:
        """Until somebody else changes the service; raises ClusterError where no port leads there any more."""
        self._service.await_loss(self._leading, self._session, threading.Event())


@contextmanager
def debugging(request: DebugRequest, session: Session) -> Iterator[Debugged]:
    """Have a service run under a debugger for the length of a block; after it, the service is as it was.

    Raises:
        UsageError: there is no such stack, workload or container, or it is not clear which is meant.
        NotDebuggableError: its language cannot be told, or no debugger can start what it runs.
        DebuggedError, InterceptedError: another process has it.
        PortTakenError: the port that was named is somebody else's.
        ClusterError: the stack is not installed, or the cluster does not run.
        RunFailedError: it does not run under the debugger; the cause was reported as an event.
    """
    with reach(request.directory, session) as deployment:
        found = choose_workload(deployment, request.stack, request.workload)
        port = None if request.port is None else named_port(request.port)
        service = Service(deployment, request.stack, found, "debug")
        try:
            with exclusive(deployment.environment.engine, deployment.environment.names.project, session):
                program = _start(service, request, session)
            debugger = DEBUGGERS[program.debugging.language]
            started = _started(request.stack, program, port or first_free(debugger.port))
            pods = Pods.of(find(deployment.environment.cluster.informer().snapshot(), found))
            with led(deployment, pods, [(started.port, debugger.port)], session.emit) as leading:
                leading.await_open()
                session.emit(started)
                yield Debugged(started, service, leading, session)
        finally:
            service.give_back(session)


def _start(service: Service, request: DebugRequest, session: Session) -> DebuggedProgram:
    """Put the workload under its debugger; the project is locked."""
    record = service.way_back(session)
    program = debugged_program(
        service.deployment.environment,
        record.former["spec"]["template"]["spec"],
        request.stack,
        container=request.container,
        language=request.language,
        waits=request.waits,
    )
    service.change(record, Change(partial(debugged_template, debugging=program.debugging), program.helper), session)
    return program


def _started(stack: str, program: DebuggedProgram, port: int) -> DebuggerStarted:
    language = program.debugging.language
    configuration = attach_configuration(language, stack, port, program.sources, program.inside)
    return DebuggerStarted(stack, language, DEBUGGERS[language].title, LOOPBACK, port, configuration)
