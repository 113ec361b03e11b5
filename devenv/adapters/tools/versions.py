"""Versions of programs: what a program says of itself, whether that fits, and remembering it.

Responsible for asking each known program in its own words. Which one is used is the concern of `toolchain`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path

from devenv.adapters.process import run
from devenv.errors import CommandFailedError, ToolMissingError

_QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "kind": ("version",),
    "helm": ("version", "--template", "{{.Version}}"),
    "kubectl": ("version", "--client", "--output", "json"),
    "buildx": ("version",),
}
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+)(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_BOUND = re.compile(r"^(>=|<=|==|>|<)v?(\d+(?:\.\d+)*)$")
_PROBE_SECONDS = 10.0

Comparable = tuple[tuple[int, ...], bool]
"""Numbers, and whether it is a release: a pre-release is older than the release of its numbers."""


def parse_version(text: str) -> Comparable:
    """The first version in a text; raises ValueError when there is none."""
    match = _VERSION.search(text)
    if not match:
        raise ValueError(f"no version in {text!r}")
    return _numbers(match[1]), not match[2]


def accepts(bounds: str, version: str) -> bool:
    """Whether a version is within bounds such as `>=0.30,<0.40`; raises ValueError for other bounds."""
    found = parse_version(version)
    return all(_within(found, bound.strip()) for bound in bounds.split(","))


def ask_version(tool: str, program: Path) -> str | None:
    """The version that a program prints, without a leading v; None when there is none or it cannot run."""
    try:
        done = run([str(program), *_QUESTIONS.get(tool, ("--version",))], timeout=_PROBE_SECONDS)
    except (CommandFailedError, ToolMissingError):
        return None
    text = done.stdout
    if tool == "kubectl":
        text = _client_version(text)
    match = _VERSION.search(text)
    return f"{match[1]}{match[2] or ''}" if match else None


class VersionMemory:
    """What programs said of themselves, kept in a small file: asking takes longer than a warm run may."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._known = self._read()

    def version(self, tool: str, program: Path) -> str | None:
        """The program's version; it is asked again only when its file is another one."""
        key, mark = f"{tool} {program}", self._mark(program)
        known = self._known.get(key)
        if mark and known and known[0] == mark:
            return known[1]
        version = ask_version(tool, program)
        if mark and version:
            # Where the folder cannot be written to, it is asked again next time.
            with self._lock, contextlib.suppress(OSError):
                self._known[key] = (mark, version)
                self._write()
        return version

    @staticmethod
    def _mark(program: Path) -> str:
        """What changes when the file does; empty for scripts: their version lies elsewhere (asdf)."""
        try:
            with program.open("rb") as file:
                if file.read(2) == b"#!":
                    return ""
            status = program.stat()
        except OSError:
            return ""
        return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"

    def _read(self) -> dict[str, tuple[str, str]]:
        try:
            document = json.loads(self._file.read_text())
            return {str(key): (str(mark), str(version)) for key, (mark, version) in document.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # missing or damaged: a memory only, filled again by asking

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(self._known, indent=1))
        draft.replace(self._file)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _within(found: Comparable, bound: str) -> bool:
    match = _BOUND.match(bound)
    if not match:
        raise ValueError(f"{bound!r} is not a bound such as >=1.2 or <2")
    limit = _numbers(match[2])
    size = max(len(limit), len(found[0]))
    left = (_padded(found[0], size), found[1])
    right = (_padded(limit, size), True)
    return {
        ">=": left >= right,
        "<=": left <= right,
        "==": left == right,
        ">": left > right,
        "<": left < right and left[0] != right[0],
    }[match[1]]


def _padded(numbers: tuple[int, ...], size: int) -> tuple[int, ...]:
    return numbers + (0,) * (size - len(numbers))


def _client_version(text: str) -> str:
    try:
        return str(json.loads(text)["clientVersion"]["gitVersion"])
    except (ValueError, KeyError, TypeError):
        return ""
