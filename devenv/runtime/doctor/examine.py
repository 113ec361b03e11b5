"""Running checks: all beside each other, none for longer than it may take.

Responsible for threads and time. A check that hangs, as on a name server or a file system that is away, is left behind
and told as such; it never delays the end of the program.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from devenv.errors import DevenvError, EngineUnavailableError, UnfitEngineError
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity

WHOLE_SECONDS = 6.0
"""For `devenv doctor`. A machine at its limits takes that long; another answers in a fraction of it."""
PATIENT_SECONDS = 30.0
"""For who asks for one thing, or has it mended, and needs the answer."""
BEFORE_UP_SECONDS = 2.0
"""For the part that `devenv up` takes a look at, beside all that it observes anyway: no time is added, as a rule."""

NO_ANSWER = Kind(
    "no-answer",
    Severity.WARNING,
    "A check gave no answer",
    "what it looks at may hang for others too",
    "Everything is looked at at the same time, for six seconds at most. What did not answer by then, or with an "
    "error, is named. On a busy machine, run it again.",
)
_ORDER = tuple(Severity)


class _Look(threading.Thread):
    """One check at work. A daemon: what hangs in it must not delay the end of the program."""

    def __init__(self, check: Check[Any], subject: Subject) -> None:
        super().__init__(name=f"look at {check.name}", daemon=True)
        self.check = check
        self.findings: tuple[Finding, ...] | None = None
        self.error: BaseException | None = None
        self._subject = subject

    def run(self) -> None:
        try:
            self.findings = tuple(self.check.judge(self.check.observe(self._subject)))
        except BaseException as error:  # noqa: BLE001 -- told, or raised again, where it is waited for
            self.error = error


class Examination:
    """Checks at work; they begin at once, and whoever wants to know waits for them."""

    def __init__(self, checks: Sequence[Check[Any]], subject: Subject) -> None:
        self._looks = [_Look(check, subject) for check in checks]
        for look in self._looks:
            look.start()
        self._began = time.monotonic()

    def findings(self, seconds: float) -> list[Finding]:
        """What is found within so many seconds of the beginning, the worst first; what is not known then is named."""
        for look in self._looks:
            look.join(max(0.0, self._began + seconds - time.monotonic()))
        found = [finding for look in self._looks for finding in _outcome(look, seconds)]
        return sorted(found, key=lambda finding: _ORDER.index(finding.severity))


def examine(checks: Sequence[Check[Any]], subject: Subject, *, seconds: float = WHOLE_SECONDS) -> list[Finding]:
    """Look, and wait for what is found."""
    return Examination(checks, subject).findings(seconds)


def _outcome(look: _Look, seconds: float) -> Sequence[Finding]:
    name = look.check.name
    if look.findings is not None:
        return look.findings
    match look.error:
        case None:
            return [NO_ANSWER.found(f"{name} gave no answer within {seconds:g} s", "devenv doctor    # once more")]
        case EngineUnavailableError() | UnfitEngineError():
            return []  # the engine's own check says so once
        case DevenvError() as error:
            cause = error.context.get("cause", "")
            told = f"{error.message} ({cause})" if cause else error.message
            return [NO_ANSWER.found(f"{name}: {told}", error.hint or "devenv doctor    # once more")]
        case OSError() as error:
            return [NO_ANSWER.found(f"{name}: {error}", "devenv doctor    # once more")]
        case error:
            raise error
