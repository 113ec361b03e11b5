"""Waiting for what tells nobody that it has happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

_PAUSE = 0.05


def await_true(question: Callable[[], bool], seconds: float = 20.0) -> None:
    """Ask until the answer is yes; raises AssertionError when it is not within some seconds."""
    until = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < until, f"still not so after {seconds:.0f} s"
        threading.Event().wait(_PAUSE)


def await_answer(ask: Callable[[], object], *refusals: type[Exception], seconds: float = 60.0) -> None:
    """Ask a server, which tells nobody that it accepts connections, until it answers; fails with why it does not."""
    until = time.monotonic() + seconds
    while True:
        try:
            ask()
        except refusals as error:
            if time.monotonic() > until:
                pytest.fail(f"the server did not answer within {seconds:g} s: {error}")
            threading.Event().wait(_PAUSE)
        else:
            return
