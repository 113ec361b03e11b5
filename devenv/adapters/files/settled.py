"""Whether a file's times will show its next change, as git asks of its index ("racy git").

Whoever takes a file of the same times for the same file needs to know: within one tick of its file system's clock it
may be written twice.
"""

from __future__ import annotations

import os
import time

_TICK_NANOSECONDS = 2_500_000_000
"""Ticks last up to two seconds (FAT)."""


def is_settled(facts: os.stat_result) -> bool:
    """Whether a file was changed so long ago that it gets another time when it is changed again."""
    return time.time_ns() - max(facts.st_mtime_ns, facts.st_ctime_ns) > _TICK_NANOSECONDS
