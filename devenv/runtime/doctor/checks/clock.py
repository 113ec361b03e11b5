"""The engine's clock against this machine's."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity

_SKEW_SECONDS = 5.0
_BAD_SECONDS = 300.0
"""As much as devenv's certificates allow for."""
_NANOSECONDS = re.compile(r"(\.\d{6})\d*")

SKEW = Kind(
    "clock-skew",
    Severity.WARNING,
    "The engine's clock is not this machine's",
    "logs and metrics are of other times, signed requests to S3 and tokens are refused, and builds take new files "
    "for old; from five minutes on also certificates",
    "An engine in a virtual machine (Docker Desktop, Colima, WSL2) loses time while the computer sleeps. The time "
    f"that the engine tells of itself is compared; {_SKEW_SECONDS:g} s are too many.",
)


def observe(subject: Subject) -> float:
    """By how many seconds the engine's clock is ahead; 0 where it does not tell."""
    subject.engine.get()
    asked = time.time()
    told = subject.version.get().clock
    if not told:
        return 0.0
    # It may have been asked for by another check: then the answer is older by that, a fraction of a second.
    return datetime.fromisoformat(_NANOSECONDS.sub(r"\1", told)).astimezone(UTC).timestamp() - asked


def judge(ahead: float) -> Iterator[Finding]:
    if abs(ahead) < _SKEW_SECONDS:
        return
    severity = Severity.ERROR if abs(ahead) >= _BAD_SECONDS else Severity.WARNING
    direction = "ahead of" if ahead > 0 else "behind"
    remedy = "start the engine's virtual machine anew; under WSL2: wsl --shutdown    # in Windows"
    yield SKEW.found(f"the engine's clock is {abs(ahead):.0f} s {direction} this machine's", remedy, severity=severity)


CHECK = Check("the engine's clock", observe, judge, (SKEW,), before_up=True)
