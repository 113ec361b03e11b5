"""The environment of a test run: opened in each process, brought up by one of them, taken down at the end.

Responsible for telling: errors as devenv words them, without tracebacks, and progress past pytest's capture. Why there
is no environment, or none any more, is told by the end of the run, once; each test has one line of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from devenv.errors import DevenvError
from devenv.errors.translation import as_devenv_error
from devenv.testing.bringing import Wanted, bring_up, require_running, take_down, told, why_gone
from devenv.testing.environment import Environment
from devenv.testing.settings import Settings, settings_of
from devenv.testing.shared_run import Outcome, SharedRun, run_of
from devenv.ui.diagnostics import render


@contextmanager
def opened(config: pytest.Config, run: SharedRun, settings: Settings) -> Iterator[Environment]:
    """The environment; where there is none the test fails with one line."""
    outcome = run.settle(lambda: _have(config, run, settings))
    if outcome.failure:
        pytest.fail(outcome.summary, pytrace=False)
    try:
        environment = Environment.running(settings.directory)
    except DevenvError as error:
        outcome = _failed(error)
        run.record(outcome)
        raise pytest.fail.Exception(outcome.summary, pytrace=False) from None
    with taking_back(config), environment:
        yield environment


@contextmanager
def lending(config: pytest.Config) -> Iterator[None]:
    """Errors of devenv's fail a test in devenv's words; with one line, where the environment is gone meanwhile."""
    if known := run_of(config).outcome:
        _fail_where(known)
    try:
        yield
    except DevenvError as error:
        _fail_where(looked_at(config))
        raise pytest.fail.Exception(render(error), pytrace=False) from None


@contextmanager
def taking_back(config: pytest.Config) -> Iterator[None]:
    """The same where something is given back: what went with the environment need not be."""
    try:
        yield
    except DevenvError as error:
        if not looked_at(config).failure:
            raise pytest.fail.Exception(render(error), pytrace=False) from None


def looked_at(config: pytest.Config) -> Outcome:
    """Whether the environment is still there; told to all processes of the run where it is not."""
    error = why_gone(settings_of(config).directory)
    if error is None:
        return Outcome()
    outcome = replace(_failed(error), summary=f"the environment is gone: {error.message} [{error.code}]")
    run_of(config).record(outcome)
    return outcome


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


def _fail_where(outcome: Outcome) -> None:
    if outcome.failure:
        raise pytest.fail.Exception(outcome.summary, pytrace=False) from None


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
