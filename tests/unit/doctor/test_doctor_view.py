"""The report for people and for programs, and the pages that are made from the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from devenv.runtime.doctor.catalogue import KINDS
from devenv.runtime.doctor.finding import Finding, Fix, Kind, Severity
from devenv.ui.doctor_reference import page
from devenv.ui.doctor_view import doctor_as_json, doctor_schema_text, fix_lines, print_doctor
from devenv.workflows.doctor import DoctorReport

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA: dict[str, Any] = json.loads(doctor_schema_text())
FIX = Fix("Raise a to 2", (("sysctl", "-w", "a=2"), ("true",)), "sysctl -w a=1")
KIND = Kind("few", Severity.WARNING, "Few", "it fails", "About.")
FINDING = KIND.found("a is 1", "sudo sysctl -w a=2", fix=FIX)
WORSE = Finding(KIND, Severity.ERROR, "a is 0", "sudo sysctl -w a=2")


def report(*findings: Finding, fixed: tuple[Fix, ...] = ()) -> DoctorReport:
    return DoctorReport("shop", findings, 15, 0.84, fixed)


def test_the_committed_pages_are_current() -> None:
    hint = "see docs/contributing.md, Generated files"
    assert (DOCS / "doctor.md").read_text(encoding="utf-8") == page(), hint
    assert (DOCS / "schema" / "doctor.schema.json").read_text(encoding="utf-8") == doctor_schema_text(), hint


def test_each_id_has_a_section_of_its_own() -> None:
    headings = re.findall(r"^### (\S+)$", page(), re.MULTILINE)
    assert headings == [kind.id for kind in KINDS]
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in headings)


@pytest.mark.parametrize("made", [report(), report(WORSE, FINDING), report(FINDING, fixed=(FIX,))])
def test_every_report_fits_its_schema(made: DoctorReport) -> None:
    document = json.loads(doctor_as_json(made))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)) == []
    assert set(document) == set(SCHEMA["required"])
    assert document["well"] is made.well


def test_a_finding_as_data_has_all_that_is_told() -> None:
    (found,) = json.loads(doctor_as_json(report(FINDING)))["findings"]
    assert found == {
        "id": "few",
        "severity": "warning",
        "summary": "a is 1",
        "consequence": "it fails",
        "remedy": "sudo sysctl -w a=2",
        "fixable": True,
        "page": "docs/doctor.md#few",
    }


def test_only_errors_make_it_unwell() -> None:
    assert report(FINDING).well
    assert not report(FINDING, WORSE).well


def test_nothing_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_doctor(report())
    assert capsys.readouterr().out == "all well (15 checks in 0.8 s)\n"


def test_findings_are_a_table_and_a_sum(capsys: pytest.CaptureFixture[str]) -> None:
    print_doctor(report(WORSE, FINDING, fixed=(FIX,)))
    done, head, *rows, total = capsys.readouterr().out.splitlines()
    assert done == "done: Raise a to 2 (undo: sysctl -w a=1)"
    assert head.split()[:3] == ["SEVERITY", "ID", "FOUND"]
    assert [row.split()[0] for row in rows] == ["error", "warning"]
    assert total == (
        "1 error, 1 warning (15 checks in 0.8 s); more of each: docs/doctor.md; 1 can be mended: devenv doctor --fix"
    )


def test_a_fix_is_told_with_its_commands_and_the_way_back() -> None:
    assert list(fix_lines([FIX])) == [
        "Raise a to 2",
        "  command: sysctl -w a=2; true",
        "  undo:    sysctl -w a=1",
    ]
