"""`devenv doctor` for people and for programs (docs/schema/doctor.schema.json)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel

from devenv.runtime.doctor.finding import Finding, Fix, Severity
from devenv.spec.schema import described
from devenv.ui.tables import print_table
from devenv.ui.wording import count

if TYPE_CHECKING:
    from devenv.workflows.doctor import DoctorReport

NAME = "doctor"
PAGE = "docs/doctor.md"
_TITLE = "What devenv doctor --json prints"


class FindingDocument(BaseModel):
    """Something that was found."""

    id: str
    """What kind of finding it is; docs/doctor.md has a section for each."""
    severity: Severity
    summary: str
    """What was found, with figures and names."""
    consequence: str
    """What will go wrong."""
    remedy: str
    """The command that helps, or what to do where there is none."""
    fixable: bool
    """Whether `--fix` does it."""
    page: str
    """Where more of it is told."""


class FixDocument(BaseModel):
    """Something that `--fix` has done."""

    what: str
    commands: list[list[str]]
    """Programs with their arguments."""
    undo: str
    """The command that takes it back."""


class DoctorDocument(BaseModel):
    """The report. New keys may come, so others are allowed."""

    project: str
    """Name of the project; empty outside of one, and where its specification is wrong."""
    well: bool
    """Whether there is no error among the findings: the exit status is 0 then."""
    checks: int
    """How many looks were taken."""
    seconds: float
    """How long they took."""
    findings: list[FindingDocument]
    """The worst first; after `--fix` those that are left."""
    fixed: list[FixDocument]


def doctor_schema_text() -> str:
    """The schema of the report as it is written to its file."""
    return json.dumps(described(DoctorDocument, _TITLE, mode="serialization"), indent=2, ensure_ascii=False) + "\n"


def doctor_as_json(report: DoctorReport) -> str:
    """The report as one JSON document."""
    document = DoctorDocument(
        project=report.project,
        well=report.well,
        checks=report.checks,
        seconds=round(report.seconds, 3),
        findings=[_document(finding) for finding in report.findings],
        fixed=[
            FixDocument(what=fix.what, commands=[list(command) for command in fix.commands], undo=fix.undo)
            for fix in report.fixed
        ],
    )
    return document.model_dump_json(indent=2)


def print_doctor(report: DoctorReport) -> None:
    """Print the report to standard output: a table, and a line that sums it up."""
    for line in fixed_lines(report.fixed):
        print(line)  # noqa: T201 -- this is the data
    if report.findings:
        _print_findings(report.findings, folded=sys.stdout.isatty())
    print(_sum(report))  # noqa: T201 -- this is the data


def _print_findings(findings: Iterable[Finding], *, folded: bool) -> None:
    """What to do about one has lines of its own where there is a width to keep to: it is there to be copied."""
    if folded:
        rows = [(f.severity, f.kind.id, f"{f.summary}\n{f.kind.consequence}\n→ {f.remedy}") for f in findings]
        print_table(("severity", "id", "found, what will go wrong, → what helps"), rows)
        return
    print_table(
        ("severity", "id", "found", "what will go wrong", "what helps"),
        [(f.severity, f.kind.id, f.summary, f.kind.consequence, f.remedy) for f in findings],
    )


def fix_lines(fixes: Iterable[Fix]) -> Iterator[str]:
    """What `--fix` will do, and how to take it back."""
    for fix in fixes:
        yield f"{fix.what}"
        yield f"  command: {fix.typed}"
        yield f"  undo:    {fix.undo}"


def fixed_lines(fixes: Iterable[Fix]) -> Iterator[str]:
    """What `--fix` has done, and how to take it back."""
    for fix in fixes:
        yield f"done: {fix.what} (undo: {fix.undo})"


def _sum(report: DoctorReport) -> str:
    looked = f"{count(report.checks, 'check')} in {report.seconds:.1f} s"
    if not report.findings:
        return f"all well ({looked})"
    amounts = {severity: sum(f.severity is severity for f in report.findings) for severity in Severity}
    told = ", ".join(count(amount, severity) for severity, amount in amounts.items() if amount)
    fixable = f"; {len(report.fixes)} can be mended: devenv doctor --fix" if report.fixes else ""
    return f"{told} ({looked}); more of each: {PAGE}{fixable}"


def _document(finding: Finding) -> FindingDocument:
    return FindingDocument(
        id=finding.kind.id,
        severity=finding.severity,
        summary=finding.summary,
        consequence=finding.kind.consequence,
        remedy=finding.remedy,
        fixable=finding.fix is not None,
        page=f"{PAGE}#{finding.kind.id}",
    )
