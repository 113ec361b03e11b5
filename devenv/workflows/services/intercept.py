"""`devenv intercept`: what comes to a service in the cluster goes to a process of this machine.

Responsible for the order of things. What the service's pod becomes is decided in `devenv.runtime.interception`, and
bytes are led by `devenv.adapters.interceptor`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from devenv.adapters.interceptor import Relay
from devenv.adapters.process import run_in_foreground
from devenv.errors import ClusterError, NotReadyError
from devenv.events import Event, InterceptedPort, InterceptStarted, Noted
from devenv.spec.project import LOOPBACK
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import reach
from devenv.workflows.services.borrowing import Change, Leading, Service, led
from devenv.workflows.services.choice import choose_workload
from devenv.workflows.services.forward import Pods, find
from devenv.workflows.services.interception import IMAGE, InterceptRequest, PlannedInterception, plan_interception
from devenv.workflows.variables import FOREIGN

_ANSWER_SECONDS = 30.0
"""For the interceptor, in a pod that is ready, to let this process in."""
_FORWARD_SECONDS = 5.0
"""For what the service needs to be reached; what has no pod yet is reached when it has."""
_TICK = 0.5
"""A signal that arrives just before a wait begins does not end it: the wait is begun anew this often."""


@dataclass(frozen=True, slots=True)
class Intercepted:
    """A service for which a process of this machine answers."""

    started: InterceptStarted
    variables: Mapping[str, str] = field(repr=False)
    """For that process."""
    _service: Service
    _leading: Leading
    _session: Session

    def wait(self) -> None:
        """Until somebody else changes the service; raises ClusterError where no port leads there any more."""
        self._service.await_loss(self._leading, self._session, threading.Event())

    def run(self, command: Sequence[str], environ: Mapping[str, str]) -> int:
        """Run a command with the service's variables over others, on this process's terminal; its exit status.

        Raises:
            ToolMissingError: there is no such program.
        """
        end = threading.Event()
        watching = threading.Thread(target=self._watch, args=(end,), name="intercept")
        watching.start()
        try:
            return run_in_foreground(command, {**_without_foreign(environ, self.variables), **self.variables})
        finally:
            end.set()
            self._service.deployment.environment.cluster.informer().wake()
            watching.join()

    def _watch(self, end: threading.Event) -> None:
        """Tell of a loss: whether the command goes on is its user's affair."""
        try:
            self._service.await_loss(self._leading, self._session, end)
        except ClusterError as error:
            self._session.emit(Noted(error.message, "warning", error.hint))


@contextmanager
def intercepting(request: InterceptRequest, session: Session) -> Iterator[Intercepted]:
    """Have a process of this machine answer for a service for the length of a block; after it, all is as it was.

    Raises:
        UsageError: there is no such stack, workload, container or port, or it is not clear which is meant.
        NotInterceptableError: nothing comes to it, or nobody could give it back.
        DebuggedError, InterceptedError: another process has it.
        ClusterError: the stack is not installed, or the cluster does not run.
        NotReadyError: the interceptor does not answer.
        RunFailedError: its pod does not come up; the cause was reported as an event.
    """
    with reach(request.directory, session) as deployment:
        found = choose_workload(deployment, request.stack, request.workload)
        service = Service(deployment, request.stack, found, "intercept")
        try:
            with exclusive(deployment.environment.engine, deployment.environment.names.project, session):
                record = service.way_back(session)
                planned = plan_interception(service, record.former["spec"]["template"], request)
                session.mask(planned.interception.token)
                change = Change(planned.interception.template, IMAGE, planned.addresses)
                service.change(record, change, session)
            with _answering(service, planned, session) as leading:
                started = _tell(planned, request.stack, session)
                try:
                    yield Intercepted(started, planned.variables, service, leading, session)
                finally:
                    # While the service's own pod comes up, the process here goes on answering.
                    service.give_back(session)
        finally:
            service.give_back(session)


@contextmanager
def _answering(service: Service, planned: PlannedInterception, session: Session) -> Iterator[Leading]:
    """While the body runs, what comes to the pod goes to this machine, and ports lead to what the process needs."""
    deployment = service.deployment
    pods = Pods.of(find(deployment.environment.cluster.informer().snapshot(), service.workload))
    control = (planned.control, planned.interception.control)
    ports = {route.port.number: route.local for route in planned.routes}

    def nobody_listens(port: int) -> None:
        text = f"nobody listens on {LOOPBACK}:{port}: until somebody does, what comes to {service.stack} is closed"
        session.emit(Noted(text, "warning"))

    with ExitStack() as stack:
        leading = stack.enter_context(led(deployment, pods, [control], _untold))
        forwarded = [
            stack.enter_context(led(deployment, forward.pods, [(forward.local, forward.target)], session.emit))
            for forward in planned.forwards
        ]
        leading.await_open()
        relay = stack.enter_context(Relay(planned.control, planned.interception.token, ports, nobody_listens))
        until = time.monotonic() + _FORWARD_SECONDS
        for each in forwarded:
            each.await_open(max(0.0, until - time.monotonic()))
        _await_answer(relay, leading, service.stack)
        yield leading


def _await_answer(relay: Relay, leading: Leading, stack: str) -> None:
    until = time.monotonic() + _ANSWER_SECONDS
    while not relay.ready.wait(_TICK):
        leading.check()
        if time.monotonic() > until:
            raise NotReadyError(f"the interceptor in the pod of {stack} does not answer", hint=f"devenv logs {stack}")


def _tell(planned: PlannedInterception, stack: str, session: Session) -> InterceptStarted:
    ports = tuple(InterceptedPort(route.port.name, route.port.number, route.local) for route in planned.routes)
    started = InterceptStarted(stack, LOOPBACK, ports)
    session.emit(started)
    for note in planned.notes:
        session.emit(Noted(note))
    if planned.idle:
        ways = ", ".join(f"--port {name}=PORT" for name in planned.idle)
        session.emit(Noted(f"nobody answers at other ports of {stack} meanwhile: {', '.join(planned.idle)}", hint=ways))
    return started


def _without_foreign(environ: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The user's variables without those that would go before the service's keys of AWS."""
    foreign = FOREIGN if any(name.startswith("AWS_") for name in own) else ()
    return {name: value for name, value in environ.items() if name not in foreign}


def _untold(_: Event) -> None:
    """Which pod has the interceptor is of interest to nobody."""
