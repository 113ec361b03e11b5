"""Checks run beside each other, none for longer than it may, and what goes wrong in one is told once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from devenv.adapters.docker import Engine
from devenv.adapters.host.system import observe_host
from devenv.errors import ApiUnreachableError, EngineUnavailableError
from devenv.runtime.doctor.check import Check, Once, Subject
from devenv.runtime.doctor.examine import NO_ANSWER, examine
from devenv.runtime.doctor.finding import Finding, Kind, Severity

ODD = Kind("odd", Severity.WARNING, "Odd", "nothing", "About it.")
BAD = Kind("bad", Severity.ERROR, "Bad", "all", "About it.")


def no_engine() -> Engine:
    raise EngineUnavailableError("none answers")


def subject() -> Subject:
    engine = Once(no_engine)
    return Subject(observe_host(), root=False, engine=engine, version=Once(lambda: engine.get().version()))


def check(name: str, observe: Callable[[Subject], str], kind: Kind = ODD) -> Check[str]:
    def judge(seen: str) -> Iterator[Finding]:
        yield kind.found(seen, "help")

    return Check(name, observe, judge, (kind,))


def test_all_look_at_the_same_time_and_the_worst_is_told_first() -> None:
    together = threading.Barrier(3, timeout=10)

    def observe(_: Subject) -> str:
        return f"seen by {together.wait() >= 0}"

    found = examine([check("a", observe), check("b", observe, BAD), check("c", observe)], subject(), seconds=10)
    assert [finding.kind.id for finding in found] == ["bad", "odd", "odd"]


def test_one_that_hangs_is_left_behind_and_named() -> None:
    never = threading.Event()

    def hang(_: Subject) -> str:
        never.wait()
        return "at last"

    began = time.monotonic()
    found = examine([check("the resolver", hang), check("b", lambda _: "seen")], subject(), seconds=0.3)
    assert time.monotonic() - began < 5
    never.set()
    assert [(finding.kind, finding.summary) for finding in found] == [
        (NO_ANSWER, "the resolver gave no answer within 0.3 s"),
        (ODD, "seen"),
    ]


def test_what_needs_an_engine_says_nothing_where_none_answers() -> None:
    assert examine([check("ports", lambda asked: asked.version.get().id)], subject()) == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ApiUnreachableError("the API does not answer", context={"cause": "refused"}),
            "the API does not answer (refused)",
        ),
        (PermissionError(13, "Permission denied", "/x"), "[Errno 13] Permission denied: '/x'"),
    ],
)
def test_a_check_that_fails_is_told_with_the_cause(error: Exception, told: str) -> None:
    def fail(_: Subject) -> str:
        raise error

    (found,) = examine([check("the cluster", fail)], subject())
    assert (found.kind, found.summary) == (NO_ANSWER, f"the cluster: {told}")


def test_a_bug_in_a_check_is_one_of_devenv() -> None:
    def fail(_: Subject) -> str:
        raise KeyError("oops")

    with pytest.raises(KeyError, match="oops"):
        examine([check("the cluster", fail)], subject())


def test_what_several_ask_for_is_asked_once_be_it_an_error() -> None:
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        if len(asked) > 1:
            return 1
        raise EngineUnavailableError("none")

    once = Once(ask)
    for _ in range(3):
        with pytest.raises(EngineUnavailableError):
            once.get()
    assert asked == [1]
    again = Once(ask)
    assert [again.get(), again.get()] == [1, 1]
    assert asked == [1, 1]
