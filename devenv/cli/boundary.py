"""The error boundary: the one place where an error becomes text (or JSON) and an exit status.

Responsible for how the program ends. It is imported by every command, so it imports nothing heavy.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from devenv.errors import EXIT_INTERRUPTED, DevenvError, UnexpectedError
from devenv.errors.translation import as_devenv_error

EXIT_BROKEN_PIPE = 141
"""128 + SIGPIPE, what a program that does not catch the signal ends with."""


@contextmanager
def error_boundary(*, as_json: bool = False) -> Iterator[None]:
    """Turn every exception into diagnostics and SystemExit; also usable as a decorator.

    SystemExit passes. Errors go to standard error, or with `as_json` as one line to standard output. A
    traceback is never shown: it goes into a report file that the message names.
    """
    try:
        yield
        # Here and not when the interpreter ends, where a closed pipe could no longer be told from a bug.
        sys.stdout.flush()
    except SystemExit:
        _flush_or_leave()
        raise
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; run the same command again to go on\n")
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:  # noqa: BLE001 -- the last resort, reported with a report of where it happened
        if isinstance(error, BrokenPipeError) and _reader_is_gone():
            _leave_quietly()
        masked = _masked(as_devenv_error(error))
        _report(masked, as_json=as_json)
        sys.exit(masked.exit_status)


def _masked(error: DevenvError) -> DevenvError:
    """Without the passwords of the environment, which commands without a stream of events meet as well."""
    from devenv.adapters.host.trust import passwords_in
    from devenv.ui.run.redaction import Secrets

    secrets = Secrets()
    secrets.add(*passwords_in())
    return secrets.mask_error(error)


def _report(error: DevenvError, *, as_json: bool) -> None:
    if isinstance(error, UnexpectedError) and "report" not in error.context:
        from devenv.cli.bug_report import write_report

        error.context |= write_report(error.context.pop("traceback", ""))
    try:
        if as_json:
            sys.stdout.write(json.dumps({"type": "error", "error": error.as_dict()}) + "\n")
            sys.stdout.flush()
        else:
            from devenv.ui.diagnostics import render

            sys.stdout.flush()
            sys.stderr.write(render(error, folder=_here()) + "\n")
            sys.stderr.flush()
    except BrokenPipeError:
        _leave_quietly(error.exit_status)


def _here() -> Path | None:
    """The current folder; None when it was removed under us."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def _flush_or_leave() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_quietly()


def _reader_is_gone() -> bool:
    """Whether standard output or error itself broke, and not a pipe to some program of ours."""
    for stream in (sys.stdout, sys.stderr):
        poll = select.poll()
        try:
            poll.register(stream.fileno(), select.POLLOUT)
        except (OSError, ValueError):
            # No file behind it, as under a test runner: then it is no pipe either.
            continue
        if any(state & (select.POLLERR | select.POLLHUP) for _, state in poll.poll(0)):
            return True
    return False


def _leave_quietly(status: int = EXIT_BROKEN_PIPE) -> NoReturn:
    """End without the complaint that the interpreter prints when it flushes a closed pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    sys.exit(status)
