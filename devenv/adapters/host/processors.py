"""How busy the machine's processors are, over time.

Responsible for reading the kernel's counters and for a thread that does so at short intervals.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

_STAT = Path("/proc/stat")
_IDLE, _WAITS_FOR_DISK = 3, 4
_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Sample:
    """The counters at a moment, of all processors together, since the machine was started."""

    at: float
    """Seconds of a monotonic clock."""
    idle: float
    """Ticks in which nothing ran; what waited for a disk counts as idle too."""
    total: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A time between two samples."""

    begin: float
    end: float
    idle: float
    """Share of the processors that was idle, 0 to 1."""


@dataclass(slots=True)
class ProcessorLoad:
    """Samples from `start` to `stop`; none where the kernel does not tell."""

    read: Callable[[], Sample | None] = field(default_factory=lambda: observe_processors)
    every: float = _EVERY_SECONDS
    """Seconds between two samples."""
    _samples: list[Sample] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take samples."""
        self._sample()
        self._thread = threading.Thread(target=self._collect, name="processor load", daemon=True)
        self._thread.start()

    def stop(self) -> list[Interval]:
        """End; what was seen, in order."""
        self._stopped.set()
        if self._thread:
            self._thread.join()
        self._sample()  # on a machine at its limits the thread may have had no turn
        return [_between(one, other) for one, other in pairwise(self._samples) if other.total > one.total]

    def _collect(self) -> None:
        while not self._stopped.wait(self.every) and self._sample():
            pass

    def _sample(self) -> bool:
        sample = self.read()
        if sample is not None:
            self._samples.append(sample)
        return sample is not None


def observe_processors(stat: Path = _STAT) -> Sample | None:
    """The counters now, see proc_stat(5); None on a system without them."""
    try:
        line = stat.read_text(encoding="ascii").partition("\n")[0]
    except OSError:
        return None
    ticks = [int(text) for text in line.split()[1:9]]  # those of guests are in others already
    return Sample(time.monotonic(), ticks[_IDLE] + ticks[_WAITS_FOR_DISK], sum(ticks))


def idle_seconds(intervals: list[Interval], begin: float, end: float) -> float:
    """How much of a time the processors were idle, in seconds: half of two processors for 2 s is 1 s."""
    return sum(
        interval.idle * max(0.0, min(end, interval.end) - max(begin, interval.begin))
        for interval in intervals
        if interval.end > begin and interval.begin < end
    )


def _between(one: Sample, other: Sample) -> Interval:
    return Interval(one.at, other.at, (other.idle - one.idle) / (other.total - one.total))
