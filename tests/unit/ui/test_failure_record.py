"""What is remembered of failures of former runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from devenv.errors import RunFailedError, WorkloadError
from devenv.events import PlanMade, PlannedStep, StepFailed, StepStarted
from devenv.ui.run.failure_record import FailureRecord, recorded_failures
from devenv.ui.run.files import RunFiles

PLAN = PlanMade("shop", "devenv-shop", (PlannedStep("install/web", "Install chart web", "04-apps"),))


def failure(message: str) -> StepFailed:
    """A step that failed with a root cause."""
    error = WorkloadError(message, context={"cause": "image-pull", "traceback": "…"}, hint="devenv up", log=())
    return StepFailed("install/web", 0.0, 1.0, error)


def test_a_failure_is_remembered_with_its_step_cause_and_hint(tmp_path: Path) -> None:
    files = RunFiles("up")
    files.handle(PLAN)
    log = files.open(tmp_path / "logs")
    files.handle(failure("no image"))
    files.close()
    (found,) = recorded_failures(tmp_path / "logs")
    assert (found.command, found.title, found.message) == ("up", "Install chart web", "no image")
    assert (found.code, found.hint, found.log) == ("workload-failed", "devenv up", str(log))
    assert found.facts == (("cause", "image-pull"),)
    assert (tmp_path / "logs" / "failures.json").stat().st_mode & 0o777 == 0o600


def test_the_latest_ten_are_kept_newest_first(tmp_path: Path) -> None:
    for number in range(12):
        record = FailureRecord(tmp_path / "up.log", "up", lambda: datetime(2026, 1, 1, tzinfo=UTC))
        record.handle(failure(f"failure {number}"))
        record.close()
    assert [found.message for found in recorded_failures(tmp_path)] == [f"failure {n}" for n in range(11, 1, -1)]


def test_a_run_within_a_run_is_told_once(tmp_path: Path) -> None:
    record = FailureRecord(tmp_path / "reset.log", "reset-db")
    record.handle(StepFailed("up", 0.0, 1.0, RunFailedError("1 of 2 steps failed", failures={})))
    record.close()
    assert recorded_failures(tmp_path) == ()


def test_a_run_without_failures_writes_nothing_and_one_whose_folder_went_neither(tmp_path: Path) -> None:
    record = FailureRecord(tmp_path / "up.log", "up")
    record.handle(PLAN)
    record.handle(StepStarted("install/web", 0.0))
    record.close()
    assert not list(tmp_path.iterdir())
    gone = FailureRecord(tmp_path / "logs" / "down.log", "down")
    gone.handle(failure("no engine"))
    gone.close()
    assert not list(tmp_path.iterdir())


def test_what_is_damaged_of_a_record_is_left_out(tmp_path: Path) -> None:
    record = FailureRecord(tmp_path / "up.log", "up")
    record.handle(failure("no image"))
    record.close()
    file = tmp_path / "failures.json"
    whole = json.loads(file.read_text())["failures"]
    damaged = [{}, None, "", {**whole[0], "error": None}, {**whole[0], "at": "then"}]
    file.write_text(json.dumps({"failures": [*damaged, *whole, *damaged]}))

    assert [found.message for found in recorded_failures(tmp_path)] == ["no image"]


def test_a_damaged_record_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "failures.json").write_text("{")
    record = FailureRecord(tmp_path / "up.log", "up")
    record.handle(failure("no image"))
    record.close()
    assert [found.message for found in recorded_failures(tmp_path)] == ["no image"]
