"""The scheduler as properties over random graphs, failures and interruptions, and as examples."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devenv.errors import DevenvError, InterruptedRunError, UnexpectedError
from devenv.events import Event, StepFailed, StepSkipped, StepStarted, StepSucceeded
from devenv.runtime.run.scheduler import STOPPED, RunReport, Task, TaskResult, TaskState, run
from devenv.runtime.run.tasks import TaskGraph, remaining_costs

SLOTS = {"build": 1, "install": 2}


@dataclass
class Recorder:
    """Does the work that the test asks for, and remembers what happened."""

    tasks: dict[str, Task]
    failing: frozenset[str] = frozenset()
    interrupt_at: str | None = None
    events: list[Event] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    succeeded: set[str] = field(default_factory=set)
    busy: Counter[str] = field(default_factory=Counter)
    broken_rules: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def work(self, key: str, cancel: threading.Event) -> str:
        task = self.tasks[key]
        with self.lock:
            self.begun.append(key)
            self.busy[task.slot] += 1
            if self.busy[task.slot] > SLOTS.get(task.slot, len(self.tasks)):
                self.broken_rules.append(f"too many in {task.slot}")
            if not task.needs <= self.succeeded:
                self.broken_rules.append(f"{key} began before its needs")
        try:
            if key == self.interrupt_at:
                cancel.set()
                raise InterruptedRunError("stopped")
            if key in self.failing:
                raise DevenvError(f"{key} is broken")
        finally:
            with self.lock:
                self.busy[task.slot] -= 1
        with self.lock:
            self.succeeded.add(key)
        return f"did {key}"


@st.composite
def graphs(draw: st.DrawFn) -> list[Task]:
    count = draw(st.integers(0, 12))
    tasks = []
    for number in range(count):
        needs = draw(st.frozensets(st.integers(0, number - 1), max_size=4)) if number else frozenset()
        slot = draw(st.sampled_from(["build", "install", "other"]))
        cost = draw(st.floats(0, 100))
        tasks.append(Task(f"t{number}", frozenset(f"t{n}" for n in needs), slot, cost))
    return draw(st.permutations(tasks))


def perform(tasks: list[Task], recorder: Recorder, workers: int = 4) -> RunReport:
    return run(tasks, recorder.work, recorder.emit, slots=SLOTS, workers=workers, cancel=threading.Event())


def ancestors(tasks: dict[str, Task], key: str) -> set[str]:
    direct = tasks[key].needs
    return set(direct).union(*(ancestors(tasks, need) for need in direct))


@settings(deadline=None, max_examples=150)
@given(graphs(), st.data(), st.integers(1, 5))
def test_failures_stop_only_what_needs_them(tasks: list[Task], data: st.DataObject, workers: int) -> None:
    by_key = {t.key: t for t in tasks}
    failing = data.draw(st.frozensets(st.sampled_from(sorted(by_key)), max_size=3)) if tasks else frozenset()
    recorder = Recorder(by_key, failing)
    report = perform(tasks, recorder, workers)

    assert not recorder.broken_rules
    assert list(report.results) == [t.key for t in tasks]
    assert len(recorder.begun) == len(set(recorder.begun))
    for key, result in report.results.items():
        failed_before = ancestors(by_key, key) & failing
        if failed_before:
            assert result.state is TaskState.SKIPPED
            assert result.detail in {f"{name} failed" for name in failed_before}
        elif key in failing:
            assert result.state is TaskState.FAILED
            assert result.error is not None
        else:
            assert (result.state, result.detail) == (TaskState.SUCCEEDED, f"did {key}")
    assert set(report.failures) == {k for k in failing if report.results[k].state is TaskState.FAILED}


@settings(deadline=None, max_examples=150)
@given(graphs().filter(bool), st.data(), st.integers(1, 5))
def test_an_interruption_leaves_one_outcome_each(tasks: list[Task], data: st.DataObject, workers: int) -> None:
    by_key = {t.key: t for t in tasks}
    chosen = data.draw(st.sampled_from(sorted(by_key)))
    recorder = Recorder(by_key, interrupt_at=chosen)
    report = perform(tasks, recorder, workers)

    assert not recorder.broken_rules
    assert set(report.results) == set(by_key)
    assert report.results[chosen].state is TaskState.CANCELLED
    for key, result in report.results.items():
        if key not in recorder.begun:
            assert (result.state, result.detail) == (TaskState.SKIPPED, STOPPED)
        elif key != chosen:
            assert result.state is TaskState.SUCCEEDED
        if chosen in ancestors(by_key, key):
            assert result.state is TaskState.SKIPPED


@settings(deadline=None, max_examples=100)
@given(graphs(), st.data())
def test_every_step_is_told_once_and_in_order(tasks: list[Task], data: st.DataObject) -> None:
    by_key = {t.key: t for t in tasks}
    failing = data.draw(st.frozensets(st.sampled_from(sorted(by_key)), max_size=3)) if tasks else frozenset()
    recorder = Recorder(by_key, failing)
    perform(tasks, recorder)

    ends: Counter[str] = Counter()
    started: set[str] = set()
    succeeded: set[str] = set()
    for event in recorder.events:
        match event:
            case StepStarted(key):
                assert by_key[key].needs <= succeeded
                started.add(key)
            case StepSucceeded(key) | StepFailed(key):
                assert key in started
                ends[key] += 1
                if isinstance(event, StepSucceeded):
                    succeeded.add(key)
            case StepSkipped(key):
                assert key not in started
                ends[key] += 1
    assert ends == Counter(by_key.keys())


@given(graphs(), st.data())
def test_the_chain_is_the_heaviest_path(tasks: list[Task], data: st.DataObject) -> None:
    by_key = {t.key: t for t in tasks}
    ran = [t.key for t in tasks if data.draw(st.booleans())]
    weights = {key: float(data.draw(st.integers(0, 50))) for key in ran}

    def heaviest(key: str) -> float:
        if key not in weights:
            return 0.0
        return weights[key] + max((heaviest(n) for n in by_key[key].needs), default=0.0)

    chain = TaskGraph(tasks).longest_chain(weights)
    assert sum(weights[key] for key in chain) == max((heaviest(k) for k in by_key), default=0.0)
    assert all(before in by_key[after].needs for before, after in pairwise(chain))
    assert set(chain) <= set(weights)


@given(graphs())
def test_remaining_cost_is_the_heaviest_way_to_the_end(tasks: list[Task]) -> None:
    graph = TaskGraph(tasks)
    remaining = remaining_costs(graph)
    for task in tasks:
        after = [remaining[d] for d in graph.dependents(task.key)]
        assert remaining[task.key] == task.cost + max(after, default=0.0)


def task(key: str, *needs: str, slot: str = "other", cost: float = 1.0) -> Task:
    return Task(key, frozenset(needs), slot, cost)


def test_the_longest_remaining_path_begins_first() -> None:
    tasks = [task("short", cost=5), task("leaf", cost=9), task("long", cost=1), task("end", "long", cost=20)]
    recorder = Recorder({t.key: t for t in tasks})
    perform(tasks, recorder, workers=1)
    assert recorder.begun == ["long", "end", "leaf", "short"]


def test_independent_tasks_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=20)

    def work(_key: str, _cancel: threading.Event) -> str:
        meeting.wait()
        return ""

    report = run([task("a"), task("b"), task("c")], work, print, slots={}, workers=3, cancel=threading.Event())
    assert report.count(TaskState.SUCCEEDED) == 3


def test_durations_come_from_the_clock_and_make_up_the_chain() -> None:
    now = [100.0]
    durations = {"a": 2.0, "b": 3.0, "c": 4.0}

    def work(key: str, _cancel: threading.Event) -> str:
        now[0] += durations[key]
        return "done"

    events: list[Event] = []
    report = run(
        [task("a"), task("b", "a"), task("c")],
        work,
        events.append,
        slots={},
        workers=1,
        cancel=threading.Event(),
        clock=lambda: now[0],
    )
    assert report.results["a"] == TaskResult(TaskState.SUCCEEDED, 0.0, 2.0, detail="done")
    assert (report.chain, report.chain_seconds, report.seconds) == (("a", "b"), 5.0, 9.0)
    assert events[:2] == [StepStarted("a", 0.0), StepSucceeded("a", 2.0, 2.0, "done")]


def test_a_defect_in_the_work_is_reported_as_a_bug() -> None:
    def work(_key: str, _cancel: threading.Event) -> str:
        return {"a": "x"}["missing"]

    report = run([task("a"), task("b", "a")], work, lambda _: None, slots={}, workers=2, cancel=threading.Event())
    error = report.failures["a"]
    assert isinstance(error, UnexpectedError)
    assert error.message == "unexpected KeyError: 'missing'"
    assert "test_scheduler.py" in error.context["traceback"]
    assert report.results["b"].detail == "a failed"


def test_a_defect_in_emit_ends_the_run_instead_of_hanging_it() -> None:
    def emit(event: Event) -> None:
        raise RuntimeError(f"cannot tell {event}")

    with pytest.raises(RuntimeError, match="cannot tell"):
        run([task("a"), task("b")], lambda k, _: k, emit, slots={}, workers=2, cancel=threading.Event())


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([task("a"), task("a")], "more than once: a"),
        ([task("a", "z")], "a needs z, which is not among"),
        ([task("a", "b"), task("b", "a")], "in a circle: "),
    ],
)
def test_senseless_graphs_are_refused(tasks: list[Task], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(tasks, lambda k, _: k, lambda _: None, slots={}, workers=1, cancel=threading.Event())


def test_a_run_that_is_cancelled_beforehand_does_nothing() -> None:
    cancel = threading.Event()
    cancel.set()
    report = run([task("a"), task("b", "a")], lambda k, _: k, lambda _: None, slots={}, workers=2, cancel=cancel)
    assert {r.detail for r in report.results.values()} == {STOPPED}
    assert (report.chain, report.chain_seconds) == ((), 0.0)


def _until_stopped(begun: threading.Event) -> Callable[[str, threading.Event], str]:
    def work(key: str, cancel: threading.Event) -> str:
        begun.set()
        if key == "fails":
            raise DevenvError("broken")
        assert cancel.wait(20)
        raise InterruptedRunError("stopped")

    return work


def test_ctrl_c_stops_running_work_and_skips_the_rest() -> None:
    begun, cancel = threading.Event(), threading.Event()

    def press_ctrl_c() -> None:
        begun.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press_ctrl_c)
    presser.start()
    events: list[Event] = []
    tasks = [task("a"), task("b", "a"), task("c", "b")]
    report = run(tasks, _until_stopped(begun), events.append, slots={}, workers=2, cancel=cancel)
    presser.join()
    assert cancel.is_set()
    assert [r.state.value for r in report.results.values()] == ["cancelled", "skipped", "skipped"]
    assert {e.reason for e in events if isinstance(e, StepSkipped)} == {STOPPED}
    assert [type(e) for e in events if not isinstance(e, StepSkipped)] == [StepStarted, StepFailed]


def test_a_second_ctrl_c_does_not_wait_for_work_that_does_not_react() -> None:
    begun, cancel, release = threading.Event(), threading.Event(), threading.Event()

    def work(_key: str, _cancel: threading.Event) -> str:
        begun.set()
        assert release.wait(20)
        return ""

    def press_ctrl_c_twice() -> None:
        begun.wait(20)
        os.kill(os.getpid(), signal.SIGINT)
        cancel.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press_ctrl_c_twice)
    presser.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run([task("a")], work, lambda _: None, slots={}, workers=1, cancel=cancel)
    finally:
        release.set()
        presser.join()
