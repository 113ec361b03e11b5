"""`devenv doctor`: examine the machine and the project, and mend what can be mended and taken back."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devenv.adapters.process import run
from devenv.errors import ProjectNotFoundError, SpecError, UsageError
from devenv.events import Noted
from devenv.runtime.doctor.catalogue import BEFORE_UP, CHECKS, KINDS
from devenv.runtime.doctor.check import Check, Once
from devenv.runtime.doctor.examine import (
    BEFORE_UP_SECONDS,
    NO_ANSWER,
    PATIENT_SECONDS,
    WHOLE_SECONDS,
    Examination,
    examine,
)
from devenv.runtime.doctor.finding import Finding, Fix, Severity
from devenv.runtime.doctor.subject import reachable_engine, subject_on
from devenv.runtime.environment import Environment
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import read_project
from devenv.workflows.access.session import Session

_FIX_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What was found."""

    project: str
    """Empty outside of projects, and where the specification is wrong."""
    findings: tuple[Finding, ...]
    """The worst first."""
    checks: int
    """How many looks were taken."""
    seconds: float
    fixed: tuple[Fix, ...] = ()
    """What was done about it; the findings are those that are left."""

    @property
    def well(self) -> bool:
        """Whether there is no error among the findings."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """What `--fix` can do, each once."""
        return tuple(dict.fromkeys(finding.fix for finding in self.findings if finding.fix))


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """What the user asked for."""

    directory: Path
    only: tuple[str, ...] = ()
    """IDs of the findings that are of interest; all where none is named."""
    ask_network: bool = False
    """Whether registries are asked though nothing has to be fetched."""


def diagnose(request: DoctorRequest) -> DoctorReport:
    """Examine the machine, and the project in or above a folder where there is one; nothing is changed.

    Raises:
        UsageError: there is no such ID.
    """
    began = time.monotonic()
    checks = _chosen(request.only)
    engine = reachable_engine()
    workspace, broken = _workspace(request.directory)
    subject = subject_on(engine, workspace, broken=broken, ask_network=request.ask_network)
    wanted = {*request.only, NO_ANSWER.id}
    seconds = PATIENT_SECONDS if request.only else WHOLE_SECONDS
    examined = examine(checks, subject, seconds=seconds)
    findings = [found for found in examined if not request.only or found.kind.id in wanted]
    project = workspace.project.project if workspace else ""
    return DoctorReport(project, tuple(findings), len(checks), time.monotonic() - began)


def mend(request: DoctorRequest, report: DoctorReport, agree: Callable[[Sequence[Fix]], bool]) -> DoctorReport:
    """Do what can be done about a report's findings, if the user agrees, and examine again.

    What was agreed to is done only where it is found once more: minutes may have passed over the question.

    Raises:
        CommandFailedError: a command failed; what was done before stays done.
    """
    if not report.fixes or not agree(report.fixes):
        return report
    fixes = [fix for fix in diagnose(request).fixes if fix in report.fixes]
    for fix in fixes:
        for command in fix.commands:
            run(command, timeout=_FIX_SECONDS, what=f"{fix.what[0].lower()}{fix.what[1:]}")
    return replace(diagnose(request), fixed=tuple(fixes))


def look_ahead(environment: Environment) -> Callable[[Session], None]:
    """Begin to look for what will go wrong with a cluster that is about to be made; what is returned tells it.

    What cannot work at all is refused elsewhere: these warnings keep nobody from trying.
    """
    subject = subject_on(Once(lambda: environment.engine), environment.workspace)
    examination = Examination(BEFORE_UP, subject)

    def tell(session: Session) -> None:
        for finding in examination.findings(BEFORE_UP_SECONDS):
            if finding.severity is not Severity.NOTE and finding.kind is not NO_ANSWER:
                message = f"{finding.summary}: {finding.kind.consequence} [{finding.kind.id}]"
                session.emit(Noted(message, "warning", finding.remedy))

    return tell


def _chosen(ids: Sequence[str]) -> tuple[Check[Any], ...]:
    """The checks that may find something of these IDs; all where none is named."""
    known = {kind.id for kind in KINDS}
    if unknown := [name for name in ids if name not in known]:
        close = difflib.get_close_matches(unknown[0], known, 1)
        hint = f"did you mean {close[0]}?" if close else "docs/doctor.md names them"
        raise UsageError(f"there is no finding {unknown[0]}", hint=hint)
    return tuple(check for check in CHECKS if not ids or any(kind.id in ids for kind in check.kinds))


def _workspace(directory: Path) -> tuple[Workspace | None, SpecError | None]:
    try:
        return read_project(directory), None
    except ProjectNotFoundError:
        return None, None
    except SpecError as error:
        return None, error
