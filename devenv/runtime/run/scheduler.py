"""A ready-set scheduler: runs tasks that need each other in worker threads, the critical path first.

Responsible for order, concurrency, failure cascade and cancellation, and for telling them as events. It knows
nothing of what a task does: the caller passes one function that does the work of a key.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from devenv.errors import DevenvError, InterruptedRunError
from devenv.errors.translation import as_devenv_error
from devenv.events import Emit, Event, StepFailed, StepSkipped, StepStarted, StepSucceeded
from devenv.runtime.run.tasks import RunReport, Task, TaskGraph, TaskResult, TaskState, remaining_costs

__all__ = ["STOPPED", "RunReport", "Task", "TaskResult", "TaskState", "Work", "run"]

Work = Callable[[str, threading.Event], str]
"""Does the work of a task's key, stops about a second after the event is set, returns a detail to show."""
STOPPED = "the run was stopped"
_SIGNAL_SECONDS = 0.5
"""A signal that arrives just before a thread begins to wait does not wake it: the wait is begun anew this often."""


def run(
    tasks: Sequence[Task],
    work: Work,
    emit: Emit,
    *,
    slots: Mapping[str, int],
    workers: int,
    cancel: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> RunReport:
    """Run tasks as soon as what they need has succeeded, and return once each of them has its outcome.

    Independent branches go on when a task fails. KeyboardInterrupt, and `cancel` set by anyone, let running
    work stop by itself and skip the rest; a second KeyboardInterrupt is raised without waiting any longer.

    Args:
        tasks: distinct keys, needs among them, no cycles.
        work: raises DevenvError for a failure, InterruptedRunError when stopped; anything else is a bug.
        emit: called from several threads; events of one task come in order, and after those of its needs.
        slots: how many tasks of a slot may run at once; a slot not named is bounded by `workers` only.
        workers: how many tasks may run at once.
        cancel: passed to `work`; set here on KeyboardInterrupt.
        clock: seconds.

    Raises:
        ValueError: `tasks`, `slots` or `workers` make no sense.
    """
    if workers < 1 or any(bound < 1 for bound in slots.values()):
        raise ValueError("at least one worker, and room for at least one task in every slot")
    pool = _WorkerPool(TaskGraph(tasks), work, emit, slots=slots, cancel=cancel, clock=clock)
    names = [f"worker-{number}" for number in range(1, min(workers, len(tasks)) + 1)]
    threads = [threading.Thread(target=pool.serve, name=name, daemon=True) for name in names]
    try:
        for thread in threads:
            thread.start()
        pool.wait()
    except KeyboardInterrupt:
        pool.stop()
        pool.wait()
    return pool.report()


class _WorkerPool:
    """The state that the workers share; every access holds the lock."""

    def __init__(
        self,
        graph: TaskGraph,
        work: Work,
        emit: Emit,
        *,
        slots: Mapping[str, int],
        cancel: threading.Event,
        clock: Callable[[], float],
    ) -> None:
        self._graph = graph
        self._work = work
        self._emit = emit
        self._free = dict(slots)
        self._cancel = cancel
        self._clock = clock
        self._began = clock()
        self._ended = self._began
        self._priority = remaining_costs(graph)
        self._missing = {task.key: len(task.needs) for task in graph}
        self._ready = dict.fromkeys(task.key for task in graph if not task.needs)
        self._running: set[str] = set()
        self._results: dict[str, TaskResult] = {}
        self._crash: BaseException | None = None
        self._changed = threading.Condition()
        self._done = threading.Event()
        if not self._missing:
            self._done.set()

    def serve(self) -> None:
        """Take tasks until none is left; a defect in here or in `emit` ends the run instead of hanging it."""
        try:
            while (key := self._take()) is not None:
                self._perform(key)
        except BaseException as error:  # noqa: BLE001 -- re-raised by `wait`, in the caller's thread
            with self._changed:
                self._crash = self._crash or error
                self._cancel.set()
                self._changed.notify_all()
            self._done.set()

    def wait(self) -> None:
        """Block until every task has an outcome."""
        while not self._done.wait(_SIGNAL_SECONDS):
            continue  # Python raises the KeyboardInterrupt of a signal that came too early to end the wait
        if self._crash is not None:
            raise self._crash

    def stop(self) -> None:
        """Begin nothing more and let running work stop."""
        self._cancel.set()
        with self._changed:
            self._skip_rest()
            self._settle()

    def report(self) -> RunReport:
        """The outcome; valid once `wait` has returned."""
        results = {task.key: self._results[task.key] for task in self._graph}
        spent = {key: result.seconds for key, result in results.items() if result.started is not None}
        chain = self._graph.longest_chain(spent)
        return RunReport(results, chain, sum(spent[key] for key in chain), self._ended - self._began)

    def _take(self) -> str | None:
        with self._changed:
            while True:
                if self._cancel.is_set():
                    self._skip_rest()
                    self._settle()
                if self._done.is_set() or self._crash:
                    return None
                open_keys = [key for key in self._ready if self._free.get(self._graph[key].slot, 1) > 0]
                if open_keys:
                    key = max(open_keys, key=self._priority.__getitem__)
                    del self._ready[key]
                    self._running.add(key)
                    self._occupy(key, 1)
                    return key
                self._changed.wait()

    def _perform(self, key: str) -> None:
        started = self._clock()
        at = started - self._began
        self._emit(StepStarted(key, at))
        state, error, detail = self._attempt(key)
        ended = self._clock()
        seconds = ended - started
        result = TaskResult(state, at, seconds, error, detail)
        if error is None:
            event: Event = StepSucceeded(key, ended - self._began, seconds, detail)
        else:
            event = StepFailed(key, ended - self._began, seconds, error)
        # Told before the lock is taken: nothing that needs this task can start, or be skipped, earlier.
        self._emit(event)
        with self._changed:
            self._finish(key, result)

    def _attempt(self, key: str) -> tuple[TaskState, DevenvError | None, str]:
        try:
            return TaskState.SUCCEEDED, None, self._work(key, self._cancel)
        except InterruptedRunError as error:
            return TaskState.CANCELLED, error, ""
        except BaseException as error:  # noqa: BLE001 -- a thread that dies silently would hang the run
            return TaskState.FAILED, as_devenv_error(error), ""

    def _finish(self, key: str, result: TaskResult) -> None:
        self._running.remove(key)
        self._occupy(key, -1)
        self._results[key] = result
        if result.state is TaskState.SUCCEEDED:
            for dependent in self._graph.dependents(key):
                self._missing[dependent] -= 1
                if not self._missing[dependent] and dependent not in self._results:
                    self._ready[dependent] = None
        else:
            reason = f"{key} failed" if result.state is TaskState.FAILED else STOPPED
            self._skip(self._graph.descendants(key), reason)
        self._settle()

    def _skip_rest(self) -> None:
        self._ready.clear()
        self._skip([t.key for t in self._graph if t.key not in self._running], STOPPED)

    def _skip(self, keys: Sequence[str], reason: str) -> None:
        for key in keys:
            if key not in self._results:
                self._results[key] = TaskResult(TaskState.SKIPPED, None, 0.0, detail=reason)
                self._emit(StepSkipped(key, reason))

    def _occupy(self, key: str, amount: int) -> None:
        slot = self._graph[key].slot
        if slot in self._free:
            self._free[slot] -= amount

    def _settle(self) -> None:
        if len(self._results) == len(self._missing):
            self._ended = self._clock()
            self._done.set()
        self._changed.notify_all()
