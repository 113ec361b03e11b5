"""Tasks that need each other, what became of them, and the graph that they form, with its weighted paths.

Responsible for values and for pure questions about needs and weights. It runs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from devenv.errors import DevenvError


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do once all that it needs has been done."""

    key: str
    needs: frozenset[str]
    slot: str
    """What it occupies while it runs, such as `build`: how many may run at once is the slot's concern."""
    cost: float
    """Estimated seconds; only used to begin what delays the end most."""


class TaskState(StrEnum):
    """How a task ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not begun: a task that it needs failed, or the run was stopped."""
    CANCELLED = "cancelled"
    """Begun, and stopped by the user before its end."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The one outcome of a task."""

    state: TaskState
    started: float | None
    """Seconds since the run began; None when the task was skipped."""
    seconds: float
    error: DevenvError | None = None
    detail: str = ""
    """What the work returned, or why the task was skipped."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What became of each task, and what the run's duration was made of."""

    results: Mapping[str, TaskResult]
    chain: tuple[str, ...]
    """The longest chain of tasks that had to follow each other, first to last.

    Tasks weigh what their work took; waiting for a free slot or worker does not count. So `seconds` against
    `chain_seconds` says how far the run was from the best that any number of workers could do.
    """
    chain_seconds: float
    seconds: float

    @property
    def failures(self) -> dict[str, DevenvError]:
        """The errors of the tasks that failed, in the order of the tasks given to `run`."""
        return {k: r.error for k, r in self.results.items() if r.state is TaskState.FAILED and r.error}

    def count(self, state: TaskState) -> int:
        """How many tasks ended in this state."""
        return sum(result.state is state for result in self.results.values())


class TaskGraph:
    """Tasks by key, checked: distinct keys, known needs, no cycles."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = {task.key: task for task in tasks}
        repeated = sorted(key for key, count in Counter(t.key for t in tasks).items() if count > 1)
        if repeated:
            raise ValueError(f"tasks given more than once: {', '.join(repeated)}")
        self._dependents: dict[str, list[str]] = {key: [] for key in self._tasks}
        for task in tasks:
            for need in sorted(task.needs):
                if need not in self._tasks:
                    raise ValueError(f"{task.key} needs {need}, which is not among the tasks")
                self._dependents[need].append(task.key)
        try:
            self.order = tuple(TopologicalSorter({t.key: sorted(t.needs) for t in tasks}).static_order())
        except CycleError as error:
            raise ValueError(f"tasks need each other in a circle: {' -> '.join(error.args[1])}") from error

    def __iter__(self) -> Iterator[Task]:
        """The tasks in the order in which they were given."""
        return iter(self._tasks.values())

    def __getitem__(self, key: str) -> Task:
        return self._tasks[key]

    def dependents(self, key: str) -> Sequence[str]:
        """The tasks that need this one directly."""
        return self._dependents[key]

    def descendants(self, key: str) -> list[str]:
        """The tasks that need this one directly or through others, nearest first."""
        found: dict[str, None] = {}
        queue = [key]
        for current in queue:
            fresh = [d for d in self._dependents[current] if d not in found]
            found.update(dict.fromkeys(fresh))
            queue.extend(fresh)
        return list(found)

    def longest_chain(self, weights: Mapping[str, float]) -> tuple[str, ...]:
        """The path along needs with the greatest sum of weights, over the keys that have one."""
        best: dict[str, float] = {}
        before: dict[str, str | None] = {}
        for key in self.order:
            if key in weights:
                need = _heaviest((n for n in sorted(self._tasks[key].needs) if n in best), best)
                best[key] = weights[key] + (best[need] if need is not None else 0.0)
                before[key] = need
        chain: list[str] = []
        key_or_none = _heaviest(best, best)
        while key_or_none is not None:
            chain.append(key_or_none)
            key_or_none = before[key_or_none]
        return tuple(reversed(chain))


def remaining_costs(graph: TaskGraph) -> dict[str, float]:
    """For each task the cost of the longest path that begins with it."""
    remaining: dict[str, float] = {}
    for key in reversed(graph.order):
        after = max((remaining[d] for d in graph.dependents(key)), default=0.0)
        remaining[key] = graph[key].cost + after
    return remaining


def _heaviest(keys: Iterable[str], weights: Mapping[str, float]) -> str | None:
    return max(keys, key=weights.__getitem__, default=None)
