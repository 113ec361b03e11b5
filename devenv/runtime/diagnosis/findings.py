"""What the rules find, how patient they are, and which finding is the root of the others. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

NEVER = float("inf")
"""Grace for what may well recover by itself: reported when the time is up, never a reason to give up before."""

_ROOT_FIRST = (
    "node-not-ready",
    "rejected",
    "volume-unbound",
    "image-pull",
    "config",
    "mount-failed",
    "container-failed",
    "sandbox-failed",
    "evicted",
    "out-of-memory",
    "unschedulable",
    "crash-loop",
    "job-failed",
    "not-ready",
)
"""What explains others comes first: a pod whose claim is unbound cannot be scheduled either."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The root cause of a workload's failure, as the cluster itself tells it."""

    code: str
    """image-pull, crash-loop, out-of-memory, mount-failed, volume-unbound, unschedulable, rejected, job-failed …"""
    subject: str
    """`namespace/kind/name`, with the container behind it where one is meant."""
    message: str
    log: tuple[str, ...] = field(default=())
    """Last lines of the container's log."""


@dataclass(frozen=True, slots=True)
class GracePeriods:
    """Seconds for which a failure must last before it counts as final."""

    image: float = 8.0
    """A registry may hiccup once; the second failed attempt ends the grace period at once."""
    config: float = 10.0
    """A Secret may still be on its way from External Secrets."""
    mount: float = 10.0
    coming: float = 90.0
    """For a Secret that an operator is to bring and has not said it cannot: busy machines take a minute."""
    mount_unsynced: float = 40.0
    """While a kubelet does not know an object yet: it looks again after 10 to 15 s, three times here."""
    container: float = 5.0
    sandbox: float = 20.0
    """A node's network may still be starting."""
    crash: float = 5.0
    """In a back-off after at least one restart; the second restart ends the grace period at once."""
    crash_beside_others: float = 45.0
    """While other pods of the same stack still start: it may be waiting for one of them."""
    memory: float = 5.0
    claim: float = 8.0
    schedule: float = 10.0
    schedule_tainted: float = 30.0
    """Taints go with the state of a node, and the scheduler tries again up to 10 s later (`podMaxBackoffSeconds`)."""
    schedule_elsewhere: float = 180.0
    """While a node is not ready: a new one takes minutes where the machine is busy."""
    rejected: float = 8.0
    """A webhook or a service account may be a moment late."""
    node: float = 30.0
    older: float = 45.0
    """For what was there before the installation began, which may be about to be replaced."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where the log that explains a finding is."""

    namespace: str
    pod: str
    container: str
    previous: bool
    """Whether the container that failed has been replaced by a new one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that keeps a workload from becoming ready."""

    cause: Cause
    grace: float
    """Seconds that it must last to be final."""
    identity: str
    """The same for the same trouble, though its words change: `uid/container`."""
    involved: frozenset[str] = field(default=frozenset())
    """Uids of the objects whose events belong to it."""
    log: LogSource | None = None

    @property
    def rank(self) -> int:
        """Lower is nearer to the root."""
        return _ROOT_FIRST.index(self.cause.code)


class Persistence:
    """Remembers since when each finding lasts, and says when one is final."""

    _GAP = 3.0
    """Seconds for which a finding may vanish: between two attempts a container looks as if it were fine."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[float, float]] = {}

    def final(self, findings: tuple[Finding, ...], now: float) -> Finding | None:
        """The root of the findings when one of them is final; None while there is hope. `now`: seconds."""
        first = {}
        for finding in findings:
            began, last = self._since.get(finding.identity, (now, now))
            first[finding.identity] = began if now - last <= self._GAP else now
        kept = {k: (began, last) for k, (began, last) in self._since.items() if now - last <= self._GAP}
        self._since = {**kept, **{k: (began, now) for k, began in first.items()}}
        if any(now - first[f.identity] >= f.grace for f in findings):
            return root(findings)
        return None

    def next_look(self, findings: tuple[Finding, ...], now: float) -> float:
        """Seconds until one of the findings will be final if nothing changes."""
        waits = [self._since[f.identity][0] + f.grace - now for f in findings]
        return max(0.0, min(waits, default=NEVER))


def root(findings: tuple[Finding, ...]) -> Finding | None:
    """The finding that explains the others; those that may recover by themselves come last."""
    ordered = sorted(findings, key=lambda f: (f.grace == NEVER, f.rank, f.identity))
    return ordered[0] if ordered else None
