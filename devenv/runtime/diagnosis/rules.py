"""Everything that is wrong with a stack at one moment: the one function from objects to findings. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.objects import condition, is_hook, is_true, owner_uids
from devenv.runtime.diagnosis.findings import NEVER, Finding, GracePeriods
from devenv.runtime.diagnosis.objects import (
    are_joining,
    by_object,
    claim_findings,
    creator_findings,
    job_findings,
    node_findings,
)
from devenv.runtime.diagnosis.pods import PodView, pod_findings, waiting_for
from devenv.runtime.diagnosis.scope import Scope, replaced_pods

_CREATORS = ("ReplicaSet", "StatefulSet", "DaemonSet", "Job")
_CLOCK_SLACK = timedelta(seconds=2)
"""Kubernetes' times are whole seconds."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How to judge."""

    grace: GracePeriods = field(default_factory=GracePeriods)
    since: datetime | None = None
    """When the installation began; what is older may be about to be replaced. None: all is judged alike."""


def find(stack: ObjectsByKind, rules: Rules) -> tuple[Finding, ...]:
    """What is wrong with the members of a stack (see `scope.members`)."""
    return tuple(_findings(stack, rules))


def stuck_pods(snapshot: ObjectsByKind, scope: Scope) -> tuple[tuple[str, str], ...]:
    """Namespace and name of broken pods of a StatefulSet's former template: they block its rollout."""
    grace, events = GracePeriods(), by_object(snapshot.get("Event", ()))
    return tuple(
        (pod["metadata"]["namespace"], pod["metadata"]["name"])
        for pod in replaced_pods(snapshot, scope)
        if any(
            finding.grace < NEVER
            for finding in pod_findings(PodView(pod, events.get(pod["metadata"]["uid"], ()), grace))
        )
    )


def _findings(stack: ObjectsByKind, rules: Rules) -> Iterator[Finding]:
    grace, events = rules.grace, by_object(stack["Event"])
    nodes = list(node_findings(stack["Node"], grace))
    if any(waiting_for(pod) for pod in stack["Pod"]):
        yield from nodes
    if nodes or are_joining(stack["Node"]):
        grace = replace(grace, schedule=grace.schedule_elsewhere, schedule_tainted=grace.schedule_elsewhere)
    hook_runs = any(is_hook(job) and not _is_over(job) for job in stack["Job"])
    starting = _healthy_starters(stack, events, grace)
    for pod in stack["Pod"]:
        beside = bool(starting - {pod["metadata"]["uid"]})
        view = PodView(pod, events.get(pod["metadata"]["uid"], ()), grace, beside)
        yield from _aged(pod, pod_findings(view), rules, hook_runs=hook_runs)
    for claim in stack["PersistentVolumeClaim"]:
        yield from claim_findings(claim, events.get(claim["metadata"]["uid"], ()), grace)
    for kind in _CREATORS:
        for item in stack[kind]:
            yield from creator_findings(kind, item, events.get(item["metadata"]["uid"], ()), grace)
    for job in stack["Job"]:
        # A hook's job from before the installation is replaced when its turn comes.
        if not (_is_older(job, rules) and (_is_over(job) or is_hook(job))):
            others = starting - _pods_of(job, stack)
            yield from job_findings(job, stack["Pod"], beside_others=bool(others), grace=grace)


def _healthy_starters(stack: ObjectsByKind, events: Mapping[str, list[Json]], grace: GracePeriods) -> set[str]:
    """Uids of pods that are not ready yet, and have no trouble of their own."""
    return {
        pod["metadata"]["uid"]
        for pod in stack["Pod"]
        if waiting_for(pod)
        and not [
            finding
            for finding in pod_findings(PodView(pod, events.get(pod["metadata"]["uid"], ()), grace))
            if finding.cause.code != "not-ready"
        ]
    }


def _aged(pod: Json, findings: Iterator[Finding], rules: Rules, *, hook_runs: bool) -> Iterator[Finding]:
    """The same findings, with more grace for a pod that is older than the installation."""
    for finding in findings:
        if _is_older(pod, rules):
            wait = NEVER if hook_runs else max(finding.grace, rules.grace.older)
            yield replace(finding, grace=wait)
        else:
            yield finding


def _is_older(item: Json, rules: Rules) -> bool:
    made = item["metadata"].get("creationTimestamp")
    if rules.since is None or not made:
        return False
    return datetime.fromisoformat(made).astimezone(UTC) < rules.since - _CLOCK_SLACK


def _is_over(job: Json) -> bool:
    return is_true(job, "Complete") or condition(job, "Failed").get("status") == "True"


def _pods_of(job: Json, stack: ObjectsByKind) -> set[str]:
    uid = job["metadata"]["uid"]
    return {pod["metadata"]["uid"] for pod in stack["Pod"] if uid in owner_uids(pod)}
