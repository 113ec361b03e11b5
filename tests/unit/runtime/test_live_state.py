"""How a stack is by the live objects: what the view of `devenv dev` shows."""

from __future__ import annotations

from typing import Any

from support.cluster_objects import (
    NAMESPACE,
    RELEASE,
    container,
    metadata,
    of_release,
    pod,
    snapshot,
    terminated,
    waiting,
)

from devenv.labels import LABEL_SYNCED
from devenv.runtime.diagnosis.scope import Scope
from devenv.runtime.observe.live_state import LiveState, live_state

SCOPE = Scope("shop", NAMESPACE, frozenset({RELEASE}))


def deployment(*, ready: int) -> dict[str, Any]:
    counts = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": ready, "availableReplicas": ready}
    return {
        "metadata": of_release("app", generation=1),
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 1, **counts},
    }


def replica_set(owner: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": metadata("app-1", owner=owner), "spec": {"replicas": 1}, "status": {}}


def of_stack(*, ready: int, labels: dict[str, str] | None = None, **status: Any) -> dict[str, tuple[Any, ...]]:
    made = deployment(ready=ready)
    owned = replica_set(made)
    meta = metadata("app-1-x", owner=owned, labels=labels or {})
    its_pod = pod("app-1-x", container(**status), meta=meta, phase="Running")
    return snapshot(Deployment=[made], ReplicaSet=[owned], Pod=[its_pod])


def test_what_is_rolled_out_is_ready_and_its_restarts_are_counted() -> None:
    assert live_state(of_stack(ready=1, restartCount=4), SCOPE) == LiveState("ready", "", 4)
    assert live_state(snapshot(), SCOPE) == LiveState("ready", "", 0)


def test_pods_that_were_synced_make_it_synced() -> None:
    assert live_state(of_stack(ready=1, labels={LABEL_SYNCED: "shop"}), SCOPE).state == "synced"


def test_what_is_not_ready_tells_the_root_cause() -> None:
    broken = of_stack(ready=0, restartCount=3, state=waiting("CrashLoopBackOff"), lastState=terminated(1))
    state = live_state(broken, SCOPE)
    assert (state.state, state.restarts) == ("not-ready", 3)
    assert "app-1-x" in state.reason


def test_without_a_cause_it_tells_how_far_the_rollout_is() -> None:
    made = deployment(ready=0)
    assert "deployment app: " in live_state(snapshot(Deployment=[made]), SCOPE).reason
