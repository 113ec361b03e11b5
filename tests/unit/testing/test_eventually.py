from __future__ import annotations

import pytest

from devenv.testing.eventually import eventually


def test_what_is_so_is_returned_at_once() -> None:
    assert eventually(lambda: "found") == "found"


def test_assertions_are_tried_until_none_fails() -> None:
    values = iter([1, 2, 3])

    def is_three() -> None:
        assert next(values) == 3

    eventually(is_three)


def test_an_expression_is_awaited_until_its_value_is_true() -> None:
    values = iter([None, 0, "", "there"])
    assert eventually(lambda: next(values)) == "there"


def test_what_pytest_fails_with_is_tried_again() -> None:
    values = iter([1, 2])

    def is_refused() -> None:
        with pytest.raises(ZeroDivisionError):
            _ = 1 / (next(values) - 2)

    eventually(is_refused)


def test_what_never_comes_is_told_with_the_last_failure() -> None:
    def queue_is_empty() -> None:
        raise ValueError("still 3 messages")

    with pytest.raises(
        AssertionError, match=r"queue_is_empty was not so within 0\.05 s .* ValueError: still 3"
    ) as told:
        eventually(queue_is_empty, timeout=0.05)
    assert isinstance(told.value.__cause__, ValueError)
    with pytest.raises(AssertionError, match="at last it returned 0"):
        eventually(lambda: 0, timeout=0.02)
