"""Waiting for what happens a little later: a message that is consumed, a row that a worker writes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25
_LAMBDA = "<lambda>"
"""What Python calls an expression."""


def eventually(check: Callable[[], T], *, timeout: float = 10.0) -> T:
    """Call `check` until it is so; returns what it returned.

    For what cannot be awaited: between two calls it pauses, for longer each time.

    Args:
        check: looks once. An expression, `lambda: cache.get("greeting")`, is so once its value is true. A function of
            assertions is so once none of them fails; what it returns counts where it returns something.
        timeout: seconds after which it is given up. A call that has begun is not cut short.

    Raises:
        AssertionError: it was not so in time; the message has the last failure.
    """
    deadline = time.monotonic() + timeout
    named = getattr(check, "__name__", repr(check))
    is_expression = named == _LAMBDA
    pause, tries = _FIRST_PAUSE, 0
    while True:
        tries += 1
        failure: BaseException | None = None
        try:
            found = check()
            if found or (found is None and not is_expression):
                return found
            last = f"it returned {found!r}"
        except _failures() as error:
            failure, last = error, f"{type(error).__name__}: {error}"
        if time.monotonic() + pause > deadline:
            raise AssertionError(
                f"{named} was not so within {timeout:g} s ({tries} tries); at last {last}"
            ) from failure
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _failures() -> tuple[type[BaseException], ...]:
    """What says that it is not so yet: any exception, and where pytest runs, what `pytest.fail` and `raises` raise."""
    pytest = sys.modules.get("pytest")
    return (Exception, pytest.fail.Exception) if pytest else (Exception,)
