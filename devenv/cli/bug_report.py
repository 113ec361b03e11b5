"""The report of a bug: a file with the traceback and the versions, to attach to an issue.

Responsible for that file. It says neither arguments nor environment, which may hold secrets.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from devenv import __version__
from devenv.adapters.files.paths import host_state_dir
from devenv.errors import DevenvError


def write_report(trace: str) -> Mapping[str, str]:
    """Write a report; returns the fact to show: where it is, or what kept it from being written."""
    now = datetime.now(UTC)
    name = f"devenv-{now:%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
    text = "\n".join(
        [
            f"devenv {__version__}, command {_command()}",
            f"Python {platform.python_version()}, {platform.platform()}",
            f"{now:%Y-%m-%d %H:%M:%S} UTC",
            "",
            trace,
            "",
        ]
    )
    try:
        path = _folder() / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
    except OSError as error:
        return {"report": f"could not be written ({error})", "where": _last_place(trace)}
    return {"report": str(path)}


def _folder() -> Path:
    """The state folder, else the folder for temporary files."""
    try:
        return host_state_dir("reports")
    except DevenvError:
        return Path(tempfile.gettempdir())


def _command() -> str:
    """The command's name alone."""
    return next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "(none)")


def _last_place(trace: str) -> str:
    places = [line.strip() for line in trace.splitlines() if line.lstrip().startswith("File ")]
    return places[-1] if places else "unknown"
