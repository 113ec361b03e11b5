"""The composition root: a session with the sinks, the questions and the signals that fit the terminal and the flags."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer

from devenv.adapters.host.trust import passwords_in
from devenv.errors.translation import as_devenv_error
from devenv.ui.run.files import RunFiles
from devenv.ui.run.redaction import Secrets
from devenv.ui.run.stream import EventStream, Sink
from devenv.workflows.access.session import Session


@contextmanager
def run_session(
    command: str,
    *,
    as_json: bool = False,
    trace: Path | None = None,
    verbose: bool = False,
    wait: bool = True,
    screen: Sink | None = None,
) -> Iterator[Session]:
    """A session whose events go to the terminal (or as JSON to standard output), a log file and, if wanted, a trace.

    With `screen` they go there instead of the terminal.
    """
    files = RunFiles(command)
    sinks: list[Sink] = [screen or screen_sink(as_json=as_json, verbose=verbose), files]
    if trace:
        from devenv.ui.run.trace import TraceFile

        sinks.append(TraceFile(trace))
    secrets = Secrets()
    _end_like_ctrl_c(signal.SIGTERM)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # which nohup sets
        _end_like_ctrl_c(signal.SIGHUP)
    secrets.add(*passwords_in())
    with EventStream(sinks, secrets=secrets) as stream, _masked(secrets):
        yield Session(
            emit=stream.emit,
            confirm=_ask,
            interactive=sys.stdin.isatty(),
            open_log=files.open,
            mask=secrets.add,
            command=command,
            wait=wait,
        )


@contextmanager
def _masked(secrets: Secrets) -> Iterator[None]:
    """Mask what ends the command: it is reported after the stream of events, by the error boundary."""
    try:
        yield
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as error:
        raise secrets.mask_error(as_devenv_error(error)) from error


def screen_sink(*, as_json: bool, verbose: bool) -> Sink:
    """What shows events, as lines: a tree on a terminal, JSON where that was asked for."""
    if as_json:
        from devenv.ui.run.jsonl import JsonLines

        return JsonLines(verbose=verbose)
    if sys.stderr.isatty():
        from devenv.ui.run.live import LiveTree

        return LiveTree(verbose=verbose, folder=Path.cwd())
    from devenv.ui.run.plain import PlainLines

    return PlainLines(verbose=verbose, folder=Path.cwd())


def _ask(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return typer.confirm(question, default=False, err=True)


def _end_like_ctrl_c(number: signal.Signals) -> None:
    """A polite end by another program is treated as the user's Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(number, interrupt)
