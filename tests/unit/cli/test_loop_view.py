"""`devenv dev --view` on a real terminal: what is shown, what keys do, and that the terminal is always given back."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environment import Project
from support.terminal import Terminal, descendants, terminal
from support.waiting import await_true

TESTS = Path(__file__).parents[2]
LOOP = [sys.executable, "-m", "support.loop_in_view"]
COLOURS = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|38;|9[0-7])[0-9;]*m")
PATHS = {"PYTHONPATH": f"{TESTS}:{TESTS.parent}"}


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Terminal]:
    """The view of a loop, as soon as it is there."""
    with terminal(LOOP, cwd=tmp_path, env=PATHS) as made:
        made.until("listening")
        yield made


def view_of(made: Terminal) -> int:
    return next(p for p in descendants(made.command) if b"devenv.ui.loop" in Path(f"/proc/{p}/cmdline").read_bytes())


def test_what_it_is_about_is_listed_and_a_key_makes_a_round(shown: Terminal) -> None:
    for text in ("devenv dev shop: watching", "http://api.shop.localhost:8080/", "not-ready", "no broker"):
        shown.until(text)
    shown.press("r")
    shown.until("api ready 1.3s after the save (build 1.0s, load 0.1s, rollout 0.2s)")
    shown.until("ready 1.3s")
    shown.press("\x1b[B")
    shown.until("pod worker-1: crash-loop: ended with status 1")
    shown.press("l")
    shown.until("logs of worker")
    shown.until("listening", gone=True)
    shown.press("l?")
    shown.until("rebuild the chosen one")
    shown.press("x")
    shown.until("rebuild the chosen one", gone=True)
    assert COLOURS.findall(shown.written.decode())
    shown.press("q")
    shown.until("the command ended with 0")
    assert "no longer watching" in shown.shown
    assert shown.is_given_back


def test_ctrl_c_ends_it_too_and_no_colour_is_drawn_where_none_is_wanted(tmp_path: Path) -> None:
    with terminal(LOOP, cwd=tmp_path, env={**PATHS, "NO_COLOR": "1"}) as made:
        made.until("listening")
        made.press("\x03")
        made.until("the command ended with 0")
        assert made.is_given_back
        assert not COLOURS.findall(made.written.decode())


def test_sigterm_to_the_loop_gives_it_back(shown: Terminal) -> None:
    os.kill(shown.command, signal.SIGTERM)
    shown.until("the command ended with 0")
    assert shown.is_given_back


def test_an_error_of_the_loop_is_told_on_the_terminal_of_before(shown: Terminal) -> None:
    shown.press("\x1b[B\x1b[Br")
    shown.until("the command ended with 2")
    assert "error: the loop broke [usage]" in shown.shown
    assert shown.is_given_back


def test_a_loop_that_is_killed_leaves_the_terminal_as_it_was(shown: Terminal) -> None:
    os.kill(shown.command, signal.SIGKILL)
    shown.until("the command ended with 137")
    # By the view, which outlives the loop for a moment.
    await_true(lambda: shown.is_given_back)


def test_where_the_view_is_killed_the_loop_goes_on_in_lines(shown: Terminal) -> None:
    os.kill(view_of(shown), signal.SIGKILL)
    shown.until("the view has ended with status -9")
    assert shown.is_given_back
    shown.press("\x03")
    shown.until("the command ended with 0")


def test_any_size_is_drawn_and_a_larger_one_shows_all(tmp_path: Path) -> None:
    exported = {"COLUMNS": "80", "LINES": "24"}
    with terminal(LOOP, cwd=tmp_path, env={**PATHS, **exported}, columns=20, lines=6) as made:
        made.until("worker not-ready")
        for columns, lines in ((5, 2), (1, 1), (40, 12), (80, 24), (120, 30)):
            made.resize(columns, lines)
        made.until("http://api.shop.localhost:8080/")
        made.press("q")
        made.until("the command ended with 0")
        assert made.is_given_back


def test_without_a_terminal_that_can_show_it_an_error_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path, {"TERM": "xterm"})
    assert "there is no terminal for --view" in project.devenv("dev", "--view", expect=2).stderr
    assert "--view is for people" in project.devenv("dev", "--view", "--json", expect=2).stdout
    dumb = [sys.executable, "-m", "devenv", "dev", "--view"]
    with terminal(dumb, cwd=tmp_path, env={**PATHS, "TERM": "dumb"}) as made:
        made.until("the command ended with 2")
        assert "this terminal can show no more than lines" in made.shown
        assert b"\x1b[?1049h" not in made.written
