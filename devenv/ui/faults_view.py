"""`devenv validate --all` for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.ui.wording import clean, count

if TYPE_CHECKING:
    from devenv.workflows.validate_all import Fault, Report


def report_as_text(report: Report, folder: Path | None) -> str:
    """Each fault with its place, as compilers tell it, and what was examined."""
    lines = [line for fault in report.faults for line in _lines(fault, report, folder)]
    warnings = len(report.faults) - report.errors
    found = f"{count(report.errors, 'error')}, {count(warnings, 'warning')}" if report.faults else "no problems"
    examined = f"{count(report.sources, 'source')} rendered to {count(report.objects, 'object')}"
    held = f"profiles {', '.join(report.profiles)}, Kubernetes {', '.join(report.kubernetes)}"
    return "\n".join([*lines, f"{found}: {examined}, {held}"])


def report_as_json(report: Report) -> str:
    """All that is known, with the files' absolute paths."""
    return json.dumps(
        {
            "valid": report.errors == 0,
            "root": str(report.root),
            "profiles": report.profiles,
            "kubernetes": report.kubernetes,
            "schemas": report.schemas,
            "sources": report.sources,
            "objects": report.objects,
            "problems": [
                {
                    "rule": fault.rule,
                    "level": fault.level,
                    "file": str(fault.file),
                    "line": fault.line,
                    "message": fault.message,
                    "hint": fault.hint,
                    "stack": fault.stack,
                    "object": fault.object,
                    "field": fault.field,
                    "profiles": fault.profiles,
                }
                for fault in report.faults
            ],
            "notes": report.notes,
        },
        indent=2,
    )


def _lines(fault: Fault, report: Report, folder: Path | None) -> list[str]:
    file = fault.file.relative_to(folder) if folder and fault.file.is_relative_to(folder) else fault.file
    seen = "" if len(fault.profiles) == len(report.profiles) else f" in {', '.join(fault.profiles)}"
    told = f"{file}:{fault.line}: {fault.level}: {clean(fault.message)} [{fault.rule}]"
    where = f"  {fault.object}, {fault.field}{seen}" if fault.field else f"  {fault.object or 'found'}{seen}"
    lines = [told] + ([where.rstrip()] if fault.object or seen else [])
    return lines + ([f"  hint: {fault.hint}"] if fault.hint else [])
