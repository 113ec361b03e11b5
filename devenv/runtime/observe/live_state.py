"""How a stack is at a moment, by the cluster's live objects alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import ObjectsByKind
from devenv.adapters.kubernetes.objects import container_statuses, label, lasting_workloads
from devenv.adapters.kubernetes.watch import WORKLOADS
from devenv.labels import LABEL_SYNCED
from devenv.runtime.diagnosis.findings import root
from devenv.runtime.diagnosis.rules import Rules, find
from devenv.runtime.diagnosis.scope import Scope, members


@dataclass(frozen=True, slots=True)
class LiveState:
    """What people want to see of it."""

    state: str
    """`ready`, `synced` or `not-ready`."""
    reason: str
    """Why it is not ready: the root cause where there is one, else how far its workloads are."""
    restarts: int
    """How often the containers of its present pods have been started again."""


def live_state(snapshot: ObjectsByKind, scope: Scope) -> LiveState:
    """The state of the stack that a scope is of."""
    mine = members(snapshot, scope)
    pods = mine.get("Pod", ())
    restarts = sum(int(status.get("restartCount", 0)) for pod in pods for status in container_statuses(pod))
    workloads = [workload for kind in WORKLOADS for workload in lasting_workloads(kind, mine.get(kind, ()))]
    if problems := [f"{w.kind.lower()} {w.name}: {w.problem}" for w in workloads if w.problem]:
        finding = root(find(mine, Rules()))
        cause = f"{finding.cause.subject}: {finding.cause.message}" if finding else "; ".join(problems)
        return LiveState("not-ready", cause, restarts)
    synced = any(label(pod, LABEL_SYNCED) for pod in pods)
    return LiveState("synced" if synced else "ready", "", restarts)
