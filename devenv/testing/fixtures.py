"""The environment of a test run: opened in each process, brought up by one of them, taken down at the end.

Responsible for telling: errors as devenv words them, without tracebacks, and progress past pytest's capture.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devenv.errors import DevenvError
from devenv.errors.translation import as_devenv_error
from devenv.testing.bringing import Wanted, bring_up, require_running, take_down, told
from devenv.testing.environment import Environment
from devenv.testing.settings import Settings
from devenv.testing.shared_run import Outcome, SharedRun
from devenv.ui.diagnostics import render


@contextmanager
def opened(config: pytest.Config, run: SharedRun, settings: Settings) -> Iterator[Environment]:
    """The environment; where there is none the test fails with one line, and the run's end says why."""
    outcome = run.settle(lambda: _have(config, run, settings))
    if outcome.failure:
        pytest.fail(outcome.summary, pytrace=False)
    try:
        environment = Environment.running(settings.directory)
    except DevenvError as error:
        outcome = _failed(error)
        run.record(outcome)
        raise pytest.fail.Exception(outcome.summary, pytrace=False) from None
    with environment, worded():
        yield environment


@contextmanager
def worded() -> Iterator[None]:
    """Errors of devenv's fail a test in devenv's words, without a traceback through it."""
    try:
        yield
    except DevenvError as error:
        raise pytest.fail.Exception(render(error), pytrace=False) from None


def end_environment(settings: Settings) -> None:
    """Take down what was brought up for the run, or say that it stays."""
    if settings.keep:
        sys.stderr.write("devenv: the environment stays up (--devenv-keep); to take it away: devenv down\n")
        return
    try:
        with told("down", sys.stderr) as session:
            take_down(settings.directory, session)
    except DevenvError as error:
        sys.stderr.write(f"{render(error)}\n")


def _have(config: pytest.Config, run: SharedRun, settings: Settings) -> Outcome:
    """Have the environment up; called in one process of the run."""
    wanted = Wanted(settings.directory, settings.only, settings.profile)
    try:
        if settings.mode == "require":
            require_running(wanted)
        else:
            with _past_capture(config):
                sys.stderr.write("\n")
                with told("up", sys.stderr) as session:
                    bring_up(wanted, session, fresh=settings.mode == "fresh", absent=run.note_absent)
    except Exception as error:  # noqa: BLE001 -- told once, to all processes of the run
        return _failed(as_devenv_error(error))
    return Outcome()


def _failed(error: DevenvError) -> Outcome:
    return Outcome(render(error, details=True), f"the environment is not up: {error.message} [{error.code}]")


@contextmanager
def _past_capture(config: pytest.Config) -> Iterator[None]:
    """Have standard error be the terminal's, also in the middle of a test."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        yield
        return
    with capture.global_and_fixture_disabled():
        yield
