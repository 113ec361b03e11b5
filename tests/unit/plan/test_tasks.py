"""Which tasks a plan runs, and after what: from values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from support.plans import SPACES, STORE, needs_of, observed, reasons_of, recorded, wanted

from devenv.plan.cluster_state import ClusterState
from devenv.plan.plan import Plan
from devenv.plan.planner import make_plan
from devenv.plan.steps import RunTask
from devenv.plan.tasks import (
    ObservedTask,
    leading,
    reasons_to_run,
    serving_nodes,
    task_nodes,
    wanted_tasks,
    without_serving,
)
from devenv.spec.tasks.task import Task

SAME = ObservedTask("a", "a")


def task(*needs: str, **more: Any) -> Task:
    return Task.model_validate({"run": "make", "deps": ["src"], "needs": needs, **more})


def planned(tasks: Mapping[str, Task], seen: Mapping[str, ObservedTask], **more: Any) -> Plan:
    given = replace(wanted(SPACES, STORE), tasks=tasks)
    return make_plan(given, observed(**{"stacks": recorded(SPACES, STORE), **more}, tasks=seen))


def test_a_task_whose_inputs_are_the_same_is_unchanged() -> None:
    plan = planned({"generate": task()}, {"generate": SAME})

    assert plan.nodes == ()
    assert plan.unchanged == ("spaces", "store", "generate")


def test_why_a_task_runs() -> None:
    tasks = {name: task() for name in ("fresh", "changed", "gone")} | {"always": Task(run="date")}
    seen = {
        "fresh": ObservedTask("a"),
        "changed": ObservedTask("b", "a"),
        "gone": ObservedTask("a", "a", missing=True),
        "always": SAME,
    }

    reasons = {"fresh": "new", "changed": "changed", "gone": "incomplete", "always": "has no deps"}
    assert reasons_to_run(tasks, seen) == reasons


def test_what_a_command_has_run_it_does_not_run_twice() -> None:
    tasks = {"gone": task(outputs=["made"]), "always": Task(run="date")}
    ran = ObservedTask("a", "a", missing=True, ran=True)

    assert reasons_to_run(tasks, dict.fromkeys(tasks, ran)) == {"gone": "", "always": ""}


def test_what_needs_a_task_that_runs_is_looked_at_again_after_it() -> None:
    plan = planned({"first": task(), "then": task("first")}, {"first": ObservedTask("b", "a"), "then": SAME})

    assert reasons_of(plan) == {"task/first": "changed", "task/then": "after first"}
    assert needs_of(plan)["task/then"] == {"task/first"}
    assert [n.step.may_be_same for n in plan.nodes if isinstance(n.step, RunTask)] == [False, True]


def test_a_task_waits_for_the_stacks_that_it_needs_as_far_as_they_are_worked_on() -> None:
    tasks = {"fill": task("store")}
    plan = planned(tasks, {"fill": ObservedTask("a")}, cluster=ClusterState.ABSENT)

    assert needs_of(plan)["task/fill"] == {"ready/store"}
    assert plan.leading_tasks.nodes == ()
    assert needs_of(planned(tasks, {"fill": ObservedTask("a")}))["task/fill"] == set()


def test_tasks_that_need_no_stack_come_before_all_else() -> None:
    tasks = {"generate": task(), "fill": task("store"), "both": task("generate", "fill")}
    plan = planned(tasks, dict.fromkeys(tasks, ObservedTask("a")), cluster=ClusterState.ABSENT)

    assert leading(tasks) == {"generate"}
    assert [node.key for node in plan.leading_tasks.nodes] == ["task/generate"]
    assert needs_of(plan)["task/both"] == {"task/generate", "task/fill"}


def test_their_commands_are_to_be_agreed_to() -> None:
    tasks = {"fill": task("store", run=["fill", "a b"], env={"AS": "me"}, dir="tools")}

    assert planned(tasks, {"fill": ObservedTask("a")}).host_commands == ("AS=me fill 'a b' (in tools)",)


def test_a_task_goes_with_the_stacks_that_it_needs_and_ci_may_leave_it_out() -> None:
    tasks = {"fill": task("store"), "more": task("fill"), "generate": task(), "browse": task(ci=False)}

    assert set(wanted_tasks(tasks, ["store"], in_ci=False)) == set(tasks)
    assert set(wanted_tasks(tasks, ["spaces"], in_ci=False)) == {"generate", "browse"}
    assert set(wanted_tasks(tasks, ["store"], in_ci=True)) == {"fill", "more", "generate"}


def test_what_needs_what_is_served_is_left_to_the_loop() -> None:
    tasks = {"web": Task(serve="serve"), "both": task(serve="serve"), "browse": task("web"), "more": task("both")}

    assert list(without_serving(tasks)) == ["both"]
    assert leading(tasks) == {"both"}
    assert reasons_to_run(tasks, dict.fromkeys(tasks, ObservedTask("a")))["web"] == ""


def test_the_loop_starts_what_is_served_after_its_own_task_and_before_those_that_need_it() -> None:
    tasks = {"web": task(serve="serve"), "browse": task("web"), "other": Task(serve="serve")}
    seen = dict.fromkeys(("web", "browse"), ObservedTask("a"))
    nodes = [*task_nodes(tasks, seen, {}, ()), *serving_nodes(tasks, ["web"], "new")]

    plan = Plan.of("shop", "devenv-shop", nodes)
    assert needs_of(plan) == {"task/web": set(), "task/browse": {"serve/web"}, "serve/web": {"task/web"}}
    assert plan.host_commands == ("make", "serve")


def test_a_round_is_about_the_tasks_that_it_names() -> None:
    tasks = {"one": task(), "two": task("one")}
    seen = dict.fromkeys(tasks, ObservedTask("b", "a"))

    assert [node.key for node in task_nodes(tasks, seen, {}, (), only=["two"])] == ["task/two"]
