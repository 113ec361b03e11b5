"""What buttons begin: runs beside the page, whose end the board tells."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from devenv.errors import DatabaseError, LockedError
from devenv.events import PlanMade, PlannedStep, StepProgressed, StepStarted
from devenv.page.board import Board
from devenv.page.runs import Runs
from devenv.page.view import RunState, RunView, View
from devenv.workflows.access.session import Session


def ended(board: Board) -> RunView:
    """The newest run, once it has ended."""
    with board._changed:
        assert board._changed.wait_for(lambda: board.view.runs[0].state is not RunState.RUNNING, 10)
    return board.view.runs[0]


def test_a_run_that_fails_says_why_and_what_helps(tmp_path: Path) -> None:
    board, told = Board(View("shop")), threading.Event()
    key = Runs(tmp_path, board, told.set).reset("postgres")
    run = ended(board)
    assert (run.key, run.title, run.state) == (key, "Reset postgres", RunState.FAILED)
    assert "devenv.yaml" in run.message
    assert told.wait(10)


def test_a_run_shows_how_far_it_is_and_can_be_begun_once(tmp_path: Path) -> None:
    board, go = Board(View("shop")), threading.Event()
    runs = Runs(tmp_path, board, lambda: None)

    def work(session: Session) -> None:
        session.emit(PlanMade("shop", "devenv-shop", (PlannedStep("a", "Do it", "g"),)))
        session.emit(StepStarted("a", 0.0))
        session.emit(StepProgressed("a", "half of it"))
        assert go.wait(10)

    runs._begin("restart", "Restart web", work)
    with board._changed:
        assert board._changed.wait_for(lambda: board.view.runs[0].message == "half of it", 10)
    with pytest.raises(LockedError, match="Restart web"):
        runs._begin("restart", "Restart web", work)
    go.set()
    assert ended(board).state is RunState.DONE


def test_passwords_are_masked_in_what_a_run_says(tmp_path: Path) -> None:
    board = Board(View("shop"))

    def work(session: Session) -> None:
        session.mask("hunter2-of-the-shop")
        raise DatabaseError("refused: hunter2-of-the-shop", hint="psql hunter2-of-the-shop")

    Runs(tmp_path, board, lambda: None)._begin("reset-db", "Reset web", work)
    run = ended(board)
    assert (run.message, run.hint) == ("refused: *****", "psql *****")


def test_the_end_of_the_server_stops_what_runs(tmp_path: Path) -> None:
    board = Board(View("shop"))
    runs = Runs(tmp_path, board, lambda: None)
    runs._begin("restart", "Restart web", lambda session: session.cancel.wait(10))
    runs.stop()
    assert board.view.runs[0].state is RunState.DONE
