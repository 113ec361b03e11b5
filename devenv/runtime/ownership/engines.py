"""In which engines a project was brought up: what its state remembers, so that none of them is taken for the only one.

An engine says what it holds, and nothing of others on the same machine: rootless and root, a context and the default.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devenv.adapters.docker import Engine, way_there
from devenv.adapters.files.records import read_record, write_whole
from devenv.errors import DamagedFileError

ENGINES = "engines.json"


def recorded_engines(state: Path) -> dict[str, str]:
    """The engines of a project by ID, each with the words before a command that has to reach it.

    Raises:
        DamagedFileError: what is recorded cannot be read.
    """
    found: Mapping[str, object] = read_record(state / ENGINES, engines=dict).get("engines", {})
    return {name: str(way) for name, way in found.items()}


def record_engine(state: Path, engine: Engine) -> None:
    """Remember that the project is brought up in this engine."""
    name = engine.version().id
    with _alone(state):
        try:
            known = recorded_engines(state)
        except DamagedFileError:
            return  # what names other engines is not written over: `devenv down`, which looks for these, tells of it
        _write(state, {**known, name: way_there()})


def forget_engine(state: Path, engine: str) -> None:
    """Remember no more that the project is up in the engine of this ID."""
    with _alone(state):
        _write(state, {name: way for name, way in recorded_engines(state).items() if name != engine})


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Be the only one who changes what is recorded: runs in two engines do not keep each other out."""
    folder = os.open(state, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(state: Path, engines: Mapping[str, str]) -> None:
    write_whole(state / ENGINES, json.dumps({"engines": engines}, indent=1) + "\n")
