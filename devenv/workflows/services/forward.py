"""`devenv forward`: ports of this machine that lead to a service, whatever becomes of its pods."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.host.ports import first_free, holder
from devenv.adapters.kubernetes.cluster import Workload
from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.adapters.kubernetes.objects import is_true, object_key
from devenv.adapters.kubernetes.selectors import matches
from devenv.adapters.kubernetes.watch import Informer
from devenv.errors import ClusterError, InterruptedRunError, PortTakenError, UsageError
from devenv.events import Emit, Noted
from devenv.spec.project import LOOPBACK
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import reach
from devenv.workflows.services.choice import choose_workload

_LOOK_SECONDS = 1.0
"""kubectl may end without a change of its pod: when a connection broke."""
_LONGEST_SECONDS = 7 * 24 * 3600.0
_FIRST_UNPRIVILEGED = 1024
_BEGUN = "Forwarding from"
Pairs = Sequence[tuple[int, int | str]]
"""Ports of this machine, each with one of the pod, by its number or name."""


@dataclass(frozen=True, slots=True)
class ForwardRequest:
    """What the user asked for."""

    directory: Path
    stack: str
    ports: tuple[str, ...] = ()
    """`8080`, `http`, `9000:8080`; all that its containers declare where none is given."""
    workload: str = ""


def forward(request: ForwardRequest, session: Session) -> None:
    """Lead the ports there until the run is cancelled, or by Ctrl-C.

    Raises:
        UsageError: there is no such stack, workload or port, or it is not clear which is meant.
        PortTakenError: a port that was named is somebody else's.
        ClusterError: the stack is not installed, or the cluster does not run.
    """
    with reach(request.directory, session) as deployment:
        found = choose_workload(deployment, request.stack, request.workload)
        informer = deployment.environment.cluster.informer()
        workload = find(informer.snapshot(), found)
        pairs = chosen_ports(request.ports, workload["spec"]["template"]["spec"], request.stack)
        lead(deployment.toolbox.kubectl, informer, Pods.of(workload), pairs, emit=session.emit, end=session.cancel)


def chosen_ports(asked: Sequence[str], template: Json, stack: str) -> list[tuple[int, int]]:
    """The ports of this machine, each with that of the pod.

    Args:
        asked: as they were typed.
        template: the specification of the workload's pods.
        stack: for messages.

    Raises:
        UsageError: one is no port, or none is declared.
        PortTakenError: one that was named is taken.
    """
    declared = [port for c in template["containers"] for port in c.get("ports") or () if _is_tcp(port)]
    by_name = {port["name"]: int(port["containerPort"]) for port in declared if port.get("name")}
    if not asked and not declared:
        raise UsageError(f"no container of {stack} declares a port", hint=f"devenv forward {stack} PORT")
    pairs: list[tuple[int, int]] = []
    for text in asked or [str(port["containerPort"]) for port in declared]:
        local, _, named = text.rpartition(":")
        port = by_name.get(named) or _number(named, text)
        pairs.append((named_port(_number(local, text)) if local else near(port, [p for p, _ in pairs]), port))
    return pairs


def _is_tcp(port: Json) -> bool:
    return bool(port.get("protocol", "TCP") == "TCP")


def _number(text: str, asked: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise UsageError(f"{asked} is no port", hint="PORT, or LOCAL:PORT, as numbers; PORT also by its name")
    return int(text)


def named_port(port: int) -> int:
    """The port of this machine that somebody has named; raises PortTakenError where it is another's."""
    if taken := holder(port):
        raise PortTakenError(f"port {port} is taken by {taken}", hint="name another one, or none: LOCAL:PORT")
    return port


def near(port: int, taken: Sequence[int]) -> int:
    """The same number, or the next free one; below 1024 most users may listen nowhere."""
    return first_free(port if port >= _FIRST_UNPRIVILEGED else port + 8000, avoid=taken)


@dataclass(frozen=True, slots=True)
class Pods:
    """Those of a workload or a Service, of which ports lead to one at a time."""

    namespace: str
    name: str
    """Of the workload or the Service, for messages."""
    selector: Json

    @classmethod
    def of(cls, workload: Json) -> Pods:
        """Those of a workload."""
        meta = workload["metadata"]
        return cls(meta["namespace"], meta["name"], workload["spec"]["selector"])

    @classmethod
    def behind(cls, service: Json) -> Pods:
        """Those that a Service leads to."""
        meta = service["metadata"]
        return cls(meta["namespace"], meta["name"], {"matchLabels": service["spec"]["selector"]})


def lead(
    kubectl: Kubectl,
    informer: Informer,
    pods: Pods,
    pairs: Pairs,
    *,
    emit: Emit,
    end: threading.Event,
    on_open: Callable[[], None] = lambda: None,
) -> None:
    """Lead ports to one pod after the other, until the end; raises ClusterError where none leads.

    Args:
        kubectl: leads.
        informer: tells which pods there are.
        pods: to one of which the ports lead.
        pairs: the ports.
        emit: told of each port that leads somewhere, and of pods that go.
        end: set when it is enough; the informer is to be woken then.
        on_open: called each time that all ports lead to a pod, in another thread.
    """
    while not end.is_set():
        revision, objects = informer.revision, informer.snapshot()
        pod = _ready_pod(objects, pods)
        if pod is None:
            informer.wait(revision, _LOOK_SECONDS)
            continue
        way = _Way(kubectl, pod, pairs, emit, on_open)
        try:
            while way.is_open() and not end.is_set():
                revision, objects = informer.revision, informer.snapshot()
                if not _is_ready(objects, pod):
                    break
                informer.wait(revision, _LOOK_SECONDS)
        finally:
            way.close()
        if way.refusal:
            raise ClusterError(f"no port leads to {pods.name}", context={"cause": way.refusal})
        if not end.is_set():
            emit(Noted(f"{object_key(pod['metadata'])} is gone: the next pod takes its place"))


class _Way:
    """kubectl at work, in a thread of its own."""

    def __init__(self, kubectl: Kubectl, pod: Json, pairs: Pairs, emit: Emit, on_open: Callable[[], None]) -> None:
        self._end = threading.Event()
        self._name = object_key(pod["metadata"])
        self._left = {f"{LOOPBACK}:{local}": port for local, port in pairs}
        self._emit, self._on_open = emit, on_open
        meta, led = pod["metadata"], [f"{local}:{port}" for local, port in pairs]
        argv = ["--namespace", meta["namespace"], "port-forward", "--address", LOOPBACK, f"pod/{meta['name']}", *led]
        self._thread = threading.Thread(target=self._run, args=(kubectl, argv), name="forward")
        self.refusal = ""
        """What kubectl says where it has not begun at all."""
        self._thread.start()

    def _run(self, kubectl: Kubectl, argv: Sequence[str]) -> None:
        try:
            done = kubectl.run(argv, timeout=_LONGEST_SECONDS, check=False, cancel=self._end, on_line=self._tell)
        except InterruptedRunError:
            return  # by `close`
        if _BEGUN not in done.stdout:
            self.refusal = done.stderr.strip()

    def _tell(self, line: str) -> None:
        """Kubectl says of each port that it listens: `Forwarding from 127.0.0.1:8080 -> 8080`."""
        words = line.removeprefix(_BEGUN).split()
        if line.startswith(_BEGUN) and words[0] in self._left:
            self._emit(Noted(f"{words[0]} leads to {self._name}, port {self._left.pop(words[0])}"))
            if not self._left:
                self._on_open()

    def is_open(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        self._end.set()
        self._thread.join()


def find(objects: ObjectsByKind, found: Workload) -> Json:
    """A workload as it is; it was seen a moment ago."""
    return next(item for item in objects[found.kind] if _named(item) == (found.namespace, found.name))


def _named(item: Json) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _ready_pod(objects: ObjectsByKind, pods: Pods) -> Json | None:
    """The newest that is ready and stays."""
    ready = [
        pod
        for pod in objects["Pod"]
        if pod["metadata"]["namespace"] == pods.namespace
        and matches(pods.selector, pod["metadata"].get("labels") or {})
        and _is_ready(objects, pod)
    ]
    return max(ready, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), default=None)


def _is_ready(objects: ObjectsByKind, pod: Json) -> bool:
    uid = pod["metadata"]["uid"]
    now = next((each for each in objects["Pod"] if each["metadata"]["uid"] == uid), None)
    return now is not None and is_true(now, "Ready") and "deletionTimestamp" not in now["metadata"]
