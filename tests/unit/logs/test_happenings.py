"""What is said of pods between the lines of their logs."""

from __future__ import annotations

from typing import Any

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.logs.happenings import happenings


def pod(name: str, *, restarts: int = 0, ended: Json | None = None) -> Json:
    status = {"name": "main", "restartCount": restarts, "lastState": {"terminated": ended} if ended else {}}
    return {
        "metadata": {"namespace": "shop", "name": name, "labels": {"devenv.io/stack": "api"}},
        "spec": {"nodeName": "node-1"},
        "status": {"containerStatuses": [status]},
    }


def event(uid: str, about: str, version: str, **changed: Any) -> Json:
    return {
        "metadata": {"uid": uid, "resourceVersion": version},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": about},
        "type": "Warning",
        "reason": "BackOff",
        "message": "it waits",
        **changed,
    }


def objects(pods: list[Json], events: list[Json] | None = None) -> ObjectsByKind:
    return {"Pod": tuple(pods), "Event": tuple(events or ())}


def told(before: ObjectsByKind, now: ObjectsByKind) -> list[tuple[str, str, str]]:
    found = happenings(before, now, lambda pod: pod["metadata"]["name"] != "other")
    return [(entry.pod, entry.level, entry.message) for entry in found]


def test_pods_that_come_and_go_are_told_and_others_are_not() -> None:
    assert told(objects([pod("old")]), objects([pod("new"), pod("other")])) == [
        ("new", "info", "the pod is new"),
        ("old", "info", "the pod is gone"),
    ]
    assert told(objects([pod("old")]), objects([pod("old")])) == []


def test_a_restart_is_told_once_with_how_the_run_before_ended() -> None:
    killed = pod("api", restarts=2, ended={"reason": "OOMKilled", "exitCode": 137})
    message = "container main was started again (OOMKilled, exit status 137), 2 times by now"
    assert told(objects([pod("api", restarts=1)]), objects([killed])) == [("api", "warning", message)]
    assert told(objects([killed]), objects([killed])) == []


def test_a_warning_is_told_when_it_is_new_and_when_it_comes_again() -> None:
    first = objects([pod("api")], [event("1", "api", "10")])
    expected = [("api", "warning", "BackOff: it waits")]
    assert told(objects([pod("api")]), first) == expected
    assert told(first, first) == []
    assert told(first, objects([pod("api")], [event("1", "api", "11")])) == expected
    silent = [event("2", "api", "12", type="Normal"), event("3", "other", "13"), event("4", "unknown", "14")]
    assert told(objects([pod("api")]), objects([pod("api")], silent)) == []
