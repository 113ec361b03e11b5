"""Errors as text, the reference of errors, and the wording that all sinks share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv import errors
from devenv.errors import (
    CommandFailedError,
    DevenvError,
    ImageError,
    Problem,
    RunFailedError,
    SpecError,
    UnexpectedError,
)
from devenv.ui.diagnostics import render
from devenv.ui.error_reference import page
from devenv.ui.wording import clean, duration, one_line

ERRORS_PAGE = Path(__file__).parents[3] / "docs" / "errors.md"


def test_a_failed_command() -> None:
    error = CommandFailedError(
        "the chart postgres cannot be installed",
        argv=["helm", "upgrade", "postgres"],
        status=1,
        output="waiting\n\x1b[1mError:\x1b[0m timed out\n",
        context={"log": "/state/up.log", "empty": ""},
        hint="devenv up --only postgres",
    )
    assert (
        render(error)
        == """\
error: the chart postgres cannot be installed [command-failed]
  command: helm upgrade postgres
  exit status: 1
  last lines:
    | waiting
    | Error: timed out
  log: /state/up.log
hint: devenv up --only postgres"""
    )


def test_problems_of_a_specification_are_sorted_and_aligned() -> None:
    project = Path("/work/product")
    error = SpecError(
        [
            Problem(project / "devenv.yaml", 12, "stacks[0].nmae", "unknown key", "did you mean name?"),
            Problem(project / "devenv.yaml", 3, "", "a tab is no indentation"),
            Problem(Path("/elsewhere/stack.yaml"), 1, "", "the file is empty"),
        ]
    )
    assert (
        render(error, folder=project)
        == """\
error: 3 problems in the specification [spec-invalid]
  /elsewhere/stack.yaml:1  the file is empty
  devenv.yaml:3                   a tab is no indentation
  devenv.yaml:12  stacks[0].nmae  unknown key
                                  hint: did you mean name?
hint: correct the lines above, then: devenv validate"""
    )


def test_a_bug_shows_its_traceback_in_files_only() -> None:
    with pytest.raises(KeyError) as caught:
        raise KeyError("x")
    error = UnexpectedError(caught.value)
    assert render(error) == "error: unexpected KeyError: 'x' [bug]"
    assert "\n  traceback:\n    | Traceback (most recent call last):\n" in render(error, details=True)


def test_notes_and_hints_of_several_lines() -> None:
    error = DevenvError("no", hint="first\nsecond")
    error.add_note("the log file is full")
    assert render(error) == "error: no [error]\nnote: the log file is full\nhint: first\n      second"


def all_kinds() -> list[type[DevenvError]]:
    kinds = [DevenvError]
    for kind in kinds:
        kinds.extend(k for k in kind.__subclasses__() if k.__module__ == errors.__name__)
    return kinds[1:]


def test_the_reference_of_errors_is_current() -> None:
    assert ERRORS_PAGE.read_text() == page(), "python -m devenv.ui.error_reference > docs/errors.md"


def test_every_kind_of_error_has_a_code_of_its_own_and_is_in_the_reference() -> None:
    codes = [kind.code for kind in all_kinds()]
    assert sorted(codes) == sorted(set(codes))
    assert all(f"| `{code}` |" in page() for code in codes)
    assert all(kind.__doc__ for kind in all_kinds())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0s"),
        (0.04, "0.0s"),
        (12.34, "12.3s"),
        (59.96, "1m 00s"),
        (125, "2m 05s"),
        (3599.7, "1h 00m"),
        (3725, "1h 02m"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("foreign", "plain"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("10 %\r20 %\r\n", "20 %\n"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "link"),
        ("a\x00b\x07\tc", "ab\tc"),
    ],
)
def test_foreign_text_is_cleaned(foreign: str, plain: str) -> None:
    assert clean(foreign) == plain


@given(st.text())
def test_cleaned_text_moves_no_cursor(text: str) -> None:
    assert not any(ord(char) < 0x20 and char not in "\n\t" for char in clean(text))
    assert "\n" not in one_line(text)


def test_a_run_that_failed_for_a_bug_says_so_by_its_status() -> None:
    refused, bug = ImageError("no such image"), UnexpectedError(KeyError("x"))

    assert RunFailedError("1 of 2 steps failed", failures={"a": refused}).exit_status == 1
    assert RunFailedError("2 of 2 steps failed", failures={"a": refused, "b": bug}).exit_status == 70
