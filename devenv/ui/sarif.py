"""Faults as SARIF 2.1.0, which code hosts show beside the lines of a change.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devenv import __version__
from devenv.spec.kubernetes.rules import RULES

if TYPE_CHECKING:
    from devenv.workflows.validate_all import Fault, Report

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "SRCROOT"


def report_as_sarif(report: Report) -> str:
    """A log with one run; files are named relative to the repository that the project lies in, where they are in it."""
    root = _repository(report.root)
    rules = list(RULES)
    run = {
        "tool": {"driver": _driver(rules)},
        "originalUriBaseIds": {_BASE: {"uri": f"{root.as_uri()}/"}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(fault, root, rules) for fault in report.faults],
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notes(report.notes)}],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _driver(rules: Iterable[str]) -> dict[str, Any]:
    described = [{"id": rule, "shortDescription": {"text": RULES[rule]}} for rule in rules]
    return {"name": "devenv", "semanticVersion": __version__, "rules": described}


def _result(fault: Fault, root: Path, rules: list[str]) -> dict[str, Any]:
    text = f"{fault.message}. {fault.hint}" if fault.hint else fault.message
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": _artifact(fault.file, root),
            "region": {"startLine": max(fault.line, 1)},
        }
    }
    if fault.object:
        name = f"{fault.stack}/{fault.object}/{fault.field}".rstrip("/")
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "object"}]
    return {
        "ruleId": fault.rule,
        "ruleIndex": rules.index(fault.rule),
        "level": fault.level,
        "message": {"text": text},
        "locations": [location],
        "properties": {"profiles": list(fault.profiles)},
    }


def _artifact(file: Path, root: Path) -> dict[str, str]:
    if file.is_relative_to(root):
        return {"uri": file.relative_to(root).as_posix().replace("%", "%25").replace(" ", "%20"), "uriBaseId": _BASE}
    return {"uri": file.absolute().as_uri()}


def _notes(notes: Iterable[str]) -> list[dict[str, Any]]:
    return [{"level": "note", "message": {"text": note}} for note in notes]


def _repository(folder: Path) -> Path:
    """The repository that a folder lies in, or the folder itself."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)
