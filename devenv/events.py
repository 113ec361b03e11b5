"""Everything that happens in a run, as data: one stream, several sinks.

Responsible for the event types, their wire names and the `Emit` type. Events carry plain values only; how they look
is the concern of `devenv.ui`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.errors import DevenvError

MASK = "*****"
"""What is shown where a secret was, in events as well as in reports."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What the sinks need to know of a step before it runs."""

    key: str
    """Unique in the plan, e.g. `install/postgres`."""
    title: str
    """What it does, imperative: `Install chart postgres`."""
    group: str
    """What it belongs to on screen: a layer such as `02-infrastructure`, or `images`, `cluster`, `tools`."""
    needs: tuple[str, ...] = ()
    reason: str = ""
    """Why it is in the plan: `new`, `changed: values`, `not ready` …"""
    loses: str = ""
    """What of the user's is lost by it; empty for nearly all steps."""


@dataclass(frozen=True, slots=True)
class PlanMade:
    """A plan was computed; `unchanged` names what needs no step at all."""

    project: str
    cluster: str
    steps: tuple[PlannedStep, ...]
    unchanged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began."""

    key: str
    at: float
    """Seconds since the run began."""


@dataclass(frozen=True, slots=True)
class StepProgressed:
    """A step says how far it is; only the latest message matters."""

    key: str
    message: str


@dataclass(frozen=True, slots=True)
class StepOutput:
    """A line that a foreign program printed; for the log file and verbose output."""

    key: str
    line: str


@dataclass(frozen=True, slots=True)
class StepSucceeded:
    """A step ended well."""

    key: str
    at: float
    seconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step ended with an error."""

    key: str
    at: float
    seconds: float
    error: DevenvError


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """A step was not begun, because a step that it needs failed or the run was stopped."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Something worth telling that belongs to no step. `level` is `info` or `warning`."""

    message: str
    level: str = "info"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run ended. `chain` is the longest chain of steps that had to follow each other, first to last."""

    succeeded: int
    failed: int
    skipped: int
    unchanged: int
    seconds: float
    chain: tuple[str, ...] = ()
    chain_seconds: float = 0.0
    log: str = ""
    """Path of the run's log file; empty when there is none."""
    links: tuple[tuple[str, str], ...] = field(default=())
    """Endpoints by name: `(("backend", "http://…"), …)`."""


@dataclass(frozen=True, slots=True)
class RoundFinished:
    """A round of `devenv dev` ended. The three parts leave out how long the save took to be noticed."""

    images: tuple[str, ...]
    """Whose sources were saved."""
    stacks: tuple[str, ...]
    """Those that use them."""
    succeeded: bool
    seconds: float
    """From the last save to all stacks ready, or to the failure."""
    build: float
    load: float
    rollout: float


@dataclass(frozen=True, slots=True)
class Synced:
    """What was saved is in the running containers of an image, without a build."""

    image: str
    files: int
    """How many files, folders and links came, changed or went."""
    size: int
    """Bytes of their content."""
    containers: int
    seconds: float
    """From the last save, or where containers have started later, from when that was noticed."""
    again: bool = False
    """Whether these are containers that have started later."""


@dataclass(frozen=True, slots=True)
class DebuggerStarted:
    """A service runs under a debugger, and a port of this machine leads there."""

    stack: str
    language: str
    debugger: str
    host: str
    port: int
    configuration: Mapping[str, Any]
    """By which Visual Studio Code attaches: an entry of `configurations` in its launch.json."""


@dataclass(frozen=True, slots=True)
class InterceptedPort:
    """A port of a service, and the port of this machine that answers for it."""

    name: str
    port: int
    """Of the service's container."""
    local: int


@dataclass(frozen=True, slots=True)
class InterceptStarted:
    """What comes to a service in the cluster goes to ports of this machine."""

    stack: str
    host: str
    ports: tuple[InterceptedPort, ...]


@dataclass(frozen=True, slots=True)
class Logged:
    """A line that a pod wrote while `devenv dev` watched, what Kubernetes says of the pod, or a line of a task's."""

    timestamp: str
    """RFC 3339 in UTC."""
    namespace: str
    pod: str
    """Empty for what a task serves on this machine."""
    container: str
    """Empty for what Kubernetes says; the task's name."""
    stack: str
    level: str
    """Empty where the line tells none."""
    message: str


@dataclass(frozen=True, slots=True)
class WatchMember:
    """A stack or a task that `devenv dev` is about."""

    name: str
    kind: str
    """`stack` or `task`."""
    images: tuple[str, ...] = ()
    """Those of the stack that are watched."""
    waits: bool = False
    """Whether what is saved waits until it is asked for."""
    urls: tuple[str, ...] = ()
    """Where it answers."""


@dataclass(frozen=True, slots=True)
class WatchStarted:
    """`devenv dev` has brought up what it is about, and watches it from now on."""

    project: str
    members: tuple[WatchMember, ...]


@dataclass(frozen=True, slots=True)
class StateChanged:
    """A member of a `devenv dev` is in another state than before."""

    name: str
    state: str
    """Of a stack `ready`, `synced` or `not-ready`; of a task `ended`, when what it serves has ended by itself."""
    reason: str = ""
    restarts: int = 0
    """How often the containers of its present pods have been started again."""


Event = (
    PlanMade
    | StepStarted
    | StepProgressed
    | StepOutput
    | StepSucceeded
    | StepFailed
    | StepSkipped
    | Noted
    | RunFinished
    | RoundFinished
    | Synced
    | DebuggerStarted
    | InterceptStarted
    | Logged
    | WatchStarted
    | StateChanged
)
Emit = Callable[[Event], None]
