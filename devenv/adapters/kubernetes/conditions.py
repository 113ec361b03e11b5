"""Conditions of objects of any kind, custom ones included: found by discovery, awaited by a watch.

Responsible for "has this object this condition". It must not decide for how long that is worth waiting.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from devenv.adapters.kubernetes.api import Api
from devenv.adapters.kubernetes.discovery import find_resource
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import condition
from devenv.adapters.kubernetes.streams import Watch
from devenv.errors import ApiRefusedError, ApiUnreachableError, InterruptedRunError

_TICK = 0.3
"""Seconds between two looks at the cancel event, which cannot be awaited together with a queue."""
_PAUSE = 0.5
"""Seconds before a kind that is not defined yet is looked up again, and before a watch is opened again."""

Problem = Callable[[Json], str]
"""What is wrong with an object, in words; empty when nothing is."""


def await_condition(
    api: Api, kind: str, name: str, namespace: str, wanted: str, *, timeout: float, cancel: threading.Event
) -> str:
    """Wait until an object has a condition with status True; see `await_object`."""

    def problem(item: Json) -> str:
        return condition_problem(item, wanted)

    return await_object(api, kind, namespace, name, problem, timeout=timeout, cancel=cancel)


def await_object(
    api: Api,
    kind: str,
    namespace: str,
    name: str,
    problem: Problem,
    *,
    timeout: float,
    cancel: threading.Event,
) -> str:
    """Wait until an object is as it should be.

    Returns:
        Empty when it is; else what was last wrong with it, after `timeout` seconds.

    Raises:
        InterruptedRunError: `cancel` was set.
    """
    deadline = time.monotonic() + timeout
    last = f"no kind {kind} is known to the API server"
    while (left := deadline - time.monotonic()) > 0:
        _stop_when(cancel, f"{kind} {name}")
        resource = find_resource(api, kind)
        if resource is None:
            cancel.wait(min(_PAUSE, left))
            continue
        # Without a version the watch begins with the object as it is.
        watch = api.open_watch(resource.path(namespace), fieldSelector=f"metadata.name={name}")
        last = _follow(watch, f"{resource.plural} {name}", problem, deadline, cancel)
        if not last:
            return ""
        cancel.wait(_PAUSE)
    return last


def _follow(watch: Watch, what: str, problem: Problem, deadline: float, cancel: threading.Event) -> str:
    """Read one watch until nothing is wrong, the watch ends or the time is up; what was last wrong."""
    seen: queue.SimpleQueue[Json | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(watch, seen), name=f"watch {what}", daemon=True)
    reader.start()
    last = f"{what} does not exist"
    try:
        while time.monotonic() < deadline:
            _stop_when(cancel, what)
            try:
                item = seen.get(timeout=_TICK)
            except queue.Empty:
                continue
            if item is None:
                break
            last = problem(item)
            if not last:
                break
    finally:
        watch.end()
        reader.join(timeout=1.0)
    return last


def _read(watch: Watch, seen: queue.SimpleQueue[Json | None]) -> None:
    try:
        for event in watch:
            if event["type"] in ("ADDED", "MODIFIED"):
                seen.put(event["object"])
    except (ApiUnreachableError, ApiRefusedError):
        pass  # the watch is opened anew until the caller's time is up
    finally:
        seen.put(None)


def condition_problem(item: Json, wanted: str) -> str:
    """Why an object has not a condition, in its own words; empty when it has."""
    state = condition(item, wanted)
    if not state:
        return f"it has no condition {wanted} yet"
    observed = state.get("observedGeneration", item["metadata"].get("generation", 0))
    if observed < item["metadata"].get("generation", 0):
        return f"its condition {wanted} is older than its last change"
    if state.get("status") == "True":
        return ""
    return f"{wanted} is {state.get('status')}: {state.get('reason', '')} {state.get('message', '')}".strip()


def _stop_when(cancel: threading.Event, what: str) -> None:
    if cancel.is_set():
        raise InterruptedRunError(f"stopped while waiting for {what}")
