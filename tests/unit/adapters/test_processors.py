"""How busy the processors were."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.adapters.host.processors import Interval, ProcessorLoad, Sample, idle_seconds, observe_processors


def test_the_kernels_counters_are_read(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 1 50 800 40 3 5 1 77 88\ncpu0 50 0 25 400 20 1 2 0 0 0\n")

    sample = observe_processors(stat)

    assert sample is not None
    assert (sample.idle, sample.total) == (840, 1000)
    assert observe_processors(tmp_path / "missing") is None


def test_a_load_is_what_lies_between_samples() -> None:
    samples = [Sample(1.0, 10, 100), Sample(2.0, 20, 140), Sample(3.0, 60, 180)]
    load = ProcessorLoad(read=lambda: samples.pop(0) if samples else None, every=0.0)
    load.start()
    while samples:
        continue

    assert load.stop() == [Interval(1.0, 2.0, 0.25), Interval(2.0, 3.0, 1.0)]


def test_a_load_has_its_beginning_and_its_end_where_its_thread_never_had_a_turn() -> None:
    samples = [Sample(1.0, 10, 100), Sample(3.0, 60, 180)]
    load = ProcessorLoad(read=lambda: samples.pop(0), every=600.0)
    load.start()

    assert load.stop() == [Interval(1.0, 3.0, 0.625)]


def test_where_the_kernel_does_not_tell_there_is_no_load() -> None:
    load = ProcessorLoad(read=lambda: None)
    load.start()

    assert load.stop() == []


@pytest.mark.parametrize(("begin", "end", "idle"), [(0, 10, 1.25), (2, 3, 1.0), (1.5, 2.5, 0.625), (5, 6, 0)])
def test_idle_seconds_of_a_time(begin: float, end: float, idle: float) -> None:
    assert idle_seconds([Interval(1.0, 2.0, 0.25), Interval(2.0, 3.0, 1.0)], begin, end) == idle
