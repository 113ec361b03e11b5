"""Checks of usability beyond rolled-out workloads: a command in a container, a dry run, a condition.

Responsible for executing the checks of a stack until they hold or the time is up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.adapters.process import Completed
from devenv.errors import CommandTimeoutError, InterruptedRunError, NotReadyError
from devenv.spec.stack import ConditionCheck, DryRunCheck, ExecCheck, ReadyCheck

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
"""Seconds between two tries: neither a program in a container nor a webhook says when it is there."""
_TRY = timedelta(seconds=20)
_LAST_LINES = 10


def await_checks(
    checks: Sequence[ReadyCheck],
    cluster: Cluster,
    kubectl: Kubectl,
    *,
    namespace: str,
    root: Path,
    deadline: timedelta,
    cancel: threading.Event,
    progress: Callable[[str], None],
) -> None:
    """Wait until each check holds, one after the other.

    Args:
        checks: what has to hold.
        cluster: the cluster's API.
        kubectl: kubectl for the same cluster.
        namespace: the stack's namespace.
        root: the stack's folder, which paths are relative to.
        deadline: for all checks together.
        cancel: when set, waiting ends.
        progress: told what is waited for.

    Raises:
        NotReadyError: the time is up; the context has what the check said last.
        InterruptedRunError: `cancel` was set.
    """
    end = time.monotonic() + deadline.total_seconds()
    for check in checks:
        title = describe(check)
        progress(f"awaiting {title}")
        if check.condition:
            last = _await_condition(check.condition, cluster, namespace, end, cancel)
        else:
            last = _until(partial(_try, check, kubectl, namespace, root, cancel), end, cancel)
        if last:
            raise NotReadyError(
                f"{title} did not hold within {deadline.total_seconds():.0f} s",
                context={"check": title, "last output": last},
                hint=_hint(check, kubectl, namespace),
            )


def describe(check: ReadyCheck) -> str:
    """A check in words."""
    if check.exec:
        return f"{check.exec.command[0]} in {check.exec.workload}"
    if check.dry_run:
        return f"a dry run of {check.dry_run.path}"
    if check.condition:
        return f"{check.condition.condition} of {check.condition.kind} {check.condition.name}"
    raise AssertionError("a check has exactly one key")


def _await_condition(
    check: ConditionCheck, cluster: Cluster, namespace: str, end: float, cancel: threading.Event
) -> str:
    return cluster.await_condition(
        check.kind,
        check.name,
        check.namespace or namespace,
        check.condition,
        timeout=max(1.0, end - time.monotonic()),
        cancel=cancel,
    )


def _until(attempt: Callable[[], str], end: float, cancel: threading.Event) -> str:
    """Try again with growing pauses until an attempt says nothing; what the last one said."""
    pause = _FIRST_PAUSE
    while last := attempt():
        if time.monotonic() + pause > end:
            return last
        if cancel.wait(pause):
            raise InterruptedRunError("stopped while a stack was checked")
        pause = min(pause * 1.6, _LONGEST_PAUSE)
    return ""


def _try(check: ReadyCheck, kubectl: Kubectl, namespace: str, root: Path, cancel: threading.Event) -> str:
    """One attempt; empty when the check holds, else what was said."""
    try:
        if check.exec:
            return _failure(_exec(check.exec, kubectl, namespace, cancel))
        return _failure(_dry_run(check.dry_run, kubectl, namespace, root, cancel)) if check.dry_run else ""
    except CommandTimeoutError as error:
        return error.message


def _exec(check: ExecCheck, kubectl: Kubectl, namespace: str, cancel: threading.Event) -> Completed:
    return kubectl.exec(
        namespace, check.workload, check.container, check.command, timeout=_TRY, check=False, cancel=cancel
    )


def _dry_run(check: DryRunCheck, kubectl: Kubectl, namespace: str, root: Path, cancel: threading.Event) -> Completed:
    return kubectl.dry_run(manifests.read(root / check.path), namespace=namespace, cancel=cancel)


def _failure(done: Completed) -> str:
    if done.status == 0:
        return ""
    lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()[-_LAST_LINES:]
    return "\n".join(lines) or f"status {done.status}"


def _hint(check: ReadyCheck, kubectl: Kubectl, namespace: str) -> str:
    there = ("--namespace", namespace)
    if check.exec:
        return kubectl.pasted(*there, "exec", check.exec.workload, "--", *check.exec.command)
    if check.condition:
        return kubectl.pasted(*there, "describe", check.condition.kind, check.condition.name)
    return kubectl.pasted(*there, "get", "pods,events")
