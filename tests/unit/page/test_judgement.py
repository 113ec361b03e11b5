"""How stacks are judged from the cluster's live objects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.cluster_objects import container, of_release, pod, terminated, waiting
from support.page_judgement import CHANGED, Json, deployment, project, snapshot

from devenv.page.judgement import controllers, judge, troubles, with_causes
from devenv.page.view import StackView
from devenv.workflows.observed import ObservedProject
from devenv.workflows.status import StackState


def judged(observed: ObservedProject, objects: dict[str, tuple[Json, ...]]) -> StackView:
    """The one stack, with its cause."""
    live, stacks = judge(observed, objects)
    found = {trouble.stack: trouble for trouble in troubles(live, stacks, objects)}
    (view,) = with_causes(stacks, found)
    return view


def test_a_stack_whose_workload_runs_is_ready_and_says_when_it_rolled_out(tmp_path: Path) -> None:
    observed = project(tmp_path)
    live, (view,) = judge(observed, snapshot(deployment(1)))
    assert view.status.state is StackState.READY
    assert view.changed == CHANGED
    (workload,) = view.workloads
    assert (workload.name, workload.ready, workload.desired, workload.images) == ("web", 1, 1, ("web:2",))
    assert live.facts.nodes[0].ready


def test_a_pod_that_crashes_is_the_reason_at_once(tmp_path: Path) -> None:
    ended = container(state=waiting("CrashLoopBackOff"), lastState=terminated(3), restartCount=2)
    objects = snapshot(deployment(0), pod("web-1", ended, phase="Running", meta=of_release("web-1", labels={})))
    view = judged(project(tmp_path), objects)
    assert view.status.state is StackState.NOT_READY
    assert "pod/web-1" in view.status.reason
    assert "ends with status 3" in view.status.reason


def test_a_workload_that_is_not_ready_without_a_cause_says_how_far_it_is(tmp_path: Path) -> None:
    view = judged(project(tmp_path), snapshot(deployment(0)))
    assert view.status.reason == "deployment web: 0 of 1 ready"


def test_what_was_never_installed_has_no_workloads(tmp_path: Path) -> None:
    observed = project(tmp_path)
    facts = replace(observed.facts, records={}, releases=())
    _, (view,) = judge(replace(observed, facts=facts), snapshot(deployment(1)))
    assert (view.status.state, view.workloads) == (StackState.ABSENT, ())


def test_only_what_is_wanted_of_workloads_asks_for_a_look_at_everything() -> None:
    item = deployment(1)
    same = {**item, "status": {}}
    other = {**item, "metadata": {**item["metadata"], "generation": 2}}
    assert controllers(snapshot(item)) == controllers(snapshot(same)) != controllers(snapshot(other))
