"""Graphs of needs: their order, their cycles, what is reached from where.

Pure and generic over names: `needs` maps each name to the names that it needs. Names that are needed but have
no entry of their own count as entries without needs.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

Needs = Mapping[str, Collection[str]]


def order(needs: Needs, key: Callable[[str], Any] = str) -> tuple[str, ...]:
    """All names, each after those that it needs; where the needs leave a choice, the smallest by `key` first.

    Raises:
        ValueError: there is a cycle.
    """
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        raise ValueError("needs form a cycle") from error
    waiting = [(key(name), name) for name in sorter.get_ready()]
    heapq.heapify(waiting)
    ordered: list[str] = []
    while waiting:
        _, name = heapq.heappop(waiting)
        ordered.append(name)
        sorter.done(name)
        for ready in sorter.get_ready():
            heapq.heappush(waiting, (key(ready), ready))
    return tuple(ordered)


def cycles(needs: Needs) -> tuple[tuple[str, ...], ...]:
    """Cycles such that removing one need of each leaves none: `(a, b)` says that a needs b and b needs a.

    Every cycle begins with its smallest name.
    """
    left = {name: set(needed) for name, needed in needs.items()}
    found: list[tuple[str, ...]] = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            ring = tuple(reversed(error.args[1][1:]))  # graphlib tells who is needed before who needs
            start = ring.index(min(ring))
            ring = ring[start:] + ring[:start]
            found.append(ring)
            left[ring[-1]].discard(ring[0])
        else:
            return tuple(sorted(found))


def needed_by(needs: Needs, names: Iterable[str]) -> frozenset[str]:
    """What the names need, directly or through others; a name itself only when it is needed by another."""
    return _reached(needs, names)


def nearest(needs: Needs, name: str, among: Collection[str]) -> frozenset[str]:
    """Those of `among` that `name` needs with none of them in between: what it waits for when the others are done."""
    found: set[str] = set()
    passed: set[str] = set()
    waiting = list(needs.get(name, ()))
    while waiting:
        needed = waiting.pop()
        if needed in among:
            found.add(needed)
        elif needed not in passed:
            passed.add(needed)
            waiting.extend(needs.get(needed, ()))
    return frozenset(found)


def _reached(edges: Needs, starts: Iterable[str]) -> frozenset[str]:
    reached: set[str] = set()
    waiting = [name for start in starts for name in edges.get(start, ())]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(edges.get(name, ()))
    return frozenset(reached)
