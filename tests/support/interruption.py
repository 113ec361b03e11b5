"""Stopping a run of devenv at a chosen step."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from typing import Any


def interrupt_at(process: subprocess.Popen[str], wanted: str, sent: signal.Signals) -> list[dict[str, Any]]:
    """Read events until one of a step that starts with `wanted` begins, then send the signal."""
    assert process.stdout
    events: list[dict[str, Any]] = []
    for line in process.stdout:
        event = json.loads(line)
        events.append(event)
        if event["type"] == "step-started" and event["key"].startswith(wanted):
            os.kill(process.pid, sent)
            break
    # What is left in the pipes must be read, or the process could block on them.
    drain = threading.Thread(target=process.communicate, kwargs={"timeout": 120})
    drain.start()
    drain.join(timeout=150)
    assert process.poll() is not None, "devenv did not end after the signal"
    return events
