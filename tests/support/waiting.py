"""Waiting for what tells nobody that it has happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_PAUSE = 0.05


def await_true(question: Callable[[], bool], seconds: float = 20.0) -> None:
    """Ask until the answer is yes; raises AssertionError when it is not within some seconds."""
    until = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < until, f"still not so after {seconds:.0f} s"
        threading.Event().wait(_PAUSE)
