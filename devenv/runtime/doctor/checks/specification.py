"""The project's specification, as far as it keeps the rest from being looked at."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.errors import SpecError
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity

INVALID = Kind(
    SpecError.code,
    Severity.ERROR,
    "The specification is wrong",
    "every command of the project ends with it, and what depends on the project was not looked at",
    "`devenv validate` names each problem with file, line and key.",
)


def observe(subject: Subject) -> SpecError | None:
    return subject.broken


def judge(error: SpecError | None) -> Iterator[Finding]:
    if error:
        more = f", and {len(error.problems) - 1} more" if error.problems[1:] else ""
        yield INVALID.found(f"{error.problems[0]}{more}", "devenv validate")


CHECK = Check("the specification", observe, judge, (INVALID,))
