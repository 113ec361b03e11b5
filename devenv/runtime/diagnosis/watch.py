"""Watching a stack while it is installed, and telling why it cannot become ready.

Responsible for time, logs and the words of the error; what is wrong is decided by the pure `rules`. It
changes nothing in the cluster.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from devenv.adapters.kubernetes.cert_manager import Unissued
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import ObjectsByKind
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.adapters.kubernetes.watch import WORKLOADS
from devenv.errors import DevenvError, NotReadyError, WorkloadError
from devenv.runtime.diagnosis import wording
from devenv.runtime.diagnosis.coming import missing_secret, with_patience
from devenv.runtime.diagnosis.findings import Cause, Finding, GracePeriods, Persistence, root
from devenv.runtime.diagnosis.hints import hint_for
from devenv.runtime.diagnosis.objects import by_object
from devenv.runtime.diagnosis.pods import waiting_for
from devenv.runtime.diagnosis.rules import Rules, find
from devenv.runtime.diagnosis.scope import Scope, members

_LOG_LINES_SHOWN = 20
_LOG_LINES_READ = 500
"""More than are shown: the runtime copies standard output and standard error each by itself, so that the line which
tells the error may stand before many that were written earlier."""
_EVENT_LINES = 5
_TICK = 0.3
"""Seconds between two questions whether it is over, which cannot be awaited together with the watches."""
GATHER = 0.1
"""Seconds in which changes are gathered: a rollout makes dozens at once, and one look is enough for them. With shorter
ones an `up` of seven stacks takes a tenth longer."""
QUICK_GATHER = 0.02
"""Seconds, where little changes at once and somebody waits for it."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a stack is not ready."""

    cause: Cause
    events: tuple[str, ...]
    hint: str

    def error(self, what: str) -> WorkloadError:
        """The error to raise; `what` failed: `chart postgres`."""
        return WorkloadError(f"{what}: {self.summary}", context=self.context(), hint=self.hint, log=self.cause.log)

    @property
    def summary(self) -> str:
        """Subject and message on one line."""
        return f"{self.cause.subject}: {self.cause.message}"

    def context(self) -> dict[str, str]:
        """The facts, label to text."""
        facts = {"cause": self.cause.code, "object": self.cause.subject, "reason": self.cause.message}
        if self.events:
            facts["events"] = "\n".join(self.events)
        if self.cause.log:
            facts["last log lines"] = "\n".join(self.cause.log[-_LOG_LINES_SHOWN:])
        return facts


class Observer:
    """Looks at one stack, again and again, and remembers what it saw."""

    def __init__(
        self,
        cluster: Cluster,
        scope: Scope,
        *,
        kubectl: Kubectl,
        grace: GracePeriods | None = None,
        since: datetime | None = None,
    ) -> None:
        """`kubectl` is what the hints are calls of."""
        self._cluster = cluster
        self._kubectl = kubectl
        self._scope = scope
        self._rules = Rules(grace or GracePeriods(), since)
        self._persistence = Persistence()
        self._coming: frozenset[str] | None = None
        """Secrets that External Secrets or cert-manager is to bring, once one of them was missed."""
        self._seen: tuple[str, Cause] | None = None
        self.probable: Diagnosis | None = None
        """What was last seen to be wrong. It stays when the stack itself has gone, rolled back by Helm."""

    def look(self, snapshot: ObjectsByKind) -> tuple[bool, float]:
        """Whether what is probable is final by now; and in how many seconds it may be, if nothing changes."""
        stack = members(snapshot, self._scope)
        findings, now = self._judge(stack), time.monotonic()
        final = self._persistence.final(findings, now)
        self._remember(final or root(findings), stack, final=final is not None)
        return final is not None, self._persistence.next_look(findings, now)

    def _judge(self, stack: ObjectsByKind) -> tuple[Finding, ...]:
        findings = find(stack, self._rules)
        if not any(map(missing_secret, findings)):
            return findings
        if self._coming is None:
            # Asked once: what they say later is told by events.
            self._coming = self._cluster.coming_secrets(self._scope.namespace)
        return tuple(with_patience(findings, self._coming, stack["Event"], self._rules.grace.coming))

    def _remember(self, finding: Finding | None, stack: ObjectsByKind, *, final: bool) -> None:
        if finding is None:
            gone = not any(stack[kind] for kind in (*WORKLOADS, "Pod"))
            self.probable, self._seen = (self.probable, self._seen) if gone else (None, None)
        elif final or (finding.identity, finding.cause) != self._seen:
            # The same trouble may be reported better later, by an event that comes after it.
            self.probable = diagnose(self._cluster, self._kubectl, finding, stack)
            self._seen = (finding.identity, finding.cause)


def watch_stack(
    cluster: Cluster,
    scope: Scope,
    *,
    over: Callable[[], bool],
    emit_progress: Callable[[str], None],
    observer: Observer,
    on_change: Callable[[ObjectsByKind], object] | None = None,
    gather: float = GATHER,
) -> Diagnosis | None:
    """Watch until a cause is final, which is returned, or `over` says that it is enough, within 0.3 s.

    Args:
        cluster: where.
        scope: what.
        over: asked after each change, and several times a second.
        emit_progress: told in words how far the stack is, when that changes.
        observer: for its grace, and for what it still knows afterwards.
        on_change: called with each state of the cluster.
        gather: seconds in which changes are taken together.
    """
    informer, reported = cluster.informer(over), ""
    while not over():
        revision, snapshot = informer.revision, informer.snapshot()
        final, wait = observer.look(snapshot)
        if final:
            return observer.probable
        if (message := progress(members(snapshot, scope))) not in (reported, ""):
            reported = message
            emit_progress(message)
        if on_change:
            on_change(snapshot)
        informer.wait(revision, min(wait, _TICK), gather=gather)
    return None


def diagnose_now(cluster: Cluster, scope: Scope, kubectl: Kubectl) -> Diagnosis | None:
    """What is wrong with a stack at this moment; None when nothing can be seen."""
    observer = Observer(cluster, scope, kubectl=kubectl)
    observer.look(cluster.informer().snapshot())
    return observer.probable


def diagnose(cluster: Cluster, kubectl: Kubectl, finding: Finding, stack: ObjectsByKind) -> Diagnosis:
    """A finding with its log and its events."""
    lines: tuple[str, ...] = ()
    if source := finding.log:
        for previous in dict.fromkeys((source.previous, not source.previous)):
            lines = lines or cluster.log(
                source.namespace, source.pod, source.container, previous=previous, lines=_LOG_LINES_READ
            )
    about = by_object(stack["Event"])
    events = [event for uid in finding.involved for event in about.get(uid, ())]
    events += [event for event in stack["Event"] if wording.concerns(event, finding.cause.message)]
    event_lines = tuple(wording.event_line(e) for e in events if e.get("type") != "Normal")[-_EVENT_LINES:]
    cause = replace(finding.cause, log=lines)
    certificate = _uncertified(cluster, finding)
    if certificate is None:
        return Diagnosis(cause, event_lines, hint_for(cause, kubectl))
    cause = replace(cause, message=f"{cause.message}: {certificate}")
    look = ("--namespace", certificate.namespace, "describe", "certificate,certificaterequest")
    return Diagnosis(cause, event_lines, kubectl.pasted(*look))


def _uncertified(cluster: Cluster, finding: Finding) -> Unissued | None:
    """The Certificate that is to bring the Secret that a pod waits for, and has not."""
    secret = missing_secret(finding)
    found = cluster.unissued_certificates(finding.cause.subject.partition("/")[0]) if secret else []
    return next((each for each in found if each.secret == secret), None)


def not_ready(what: str, diagnosis: Diagnosis | None, seconds: float, rest: str = "") -> DevenvError:
    """The error of a deadline that passed: with the most probable cause where there is one."""
    message = f"{what} was not ready after {seconds:.0f} s"
    if diagnosis is None:
        return NotReadyError(message, context={"reason": rest} if rest else {}, hint="devenv status")
    return NotReadyError(f"{message}: {diagnosis.summary}", context=diagnosis.context(), hint=diagnosis.hint)


def progress(stack: ObjectsByKind) -> str:
    """How far the pods are, in one line; empty when there are none."""
    pods = [pod for pod in stack["Pod"] if pod.get("status", {}).get("phase") != "Failed"]
    waiting = [(pod["metadata"]["name"], waiting_for(pod)) for pod in pods]
    slow = [(name, state) for name, state in waiting if state]
    if not pods:
        return ""
    if not slow:
        return f"{len(pods)} of {len(pods)} pods ready"
    return f"{len(pods) - len(slow)} of {len(pods)} pods ready, {slow[0][0]}: {slow[0][1]}"
