"""What became of tasks, for those who look from outside: a file for each run and each server, in the project's state.

Responsible for what is told. Whether a task has to run is no concern of it: `records` says what it was made of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from devenv.adapters.files.records import read_record, write_whole
from devenv.adapters.process import is_over, this_process
from devenv.errors import DamagedFileError
from devenv.errors.translation import as_devenv_error
from devenv.spec.tasks.task import Task

Part = Literal["run", "serve"]


class TaskState(StrEnum):
    """The state of a task in one word."""

    NEW = "new"
    """It has not run here."""
    RUNNING = "running"
    """Its command runs."""
    DONE = "done"
    """Its command ended well when it last ran."""
    FAILED = "failed"
    """Its command failed, or what it serves was not ready in time."""
    STOPPED = "stopped"
    """Its command was stopped before its end."""
    STARTING = "starting"
    """What it serves is not ready yet."""
    SERVING = "serving"
    """What it serves runs, and was ready."""
    ENDED = "ended"
    """What it served has ended by itself, while `devenv dev` goes on."""
    OFF = "off"
    """What it serves does not run: `devenv dev` does not."""
    UNKNOWN = "unknown"
    """What was recorded of it cannot be read; `reason` says why. The next run records it anew."""


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """One task."""

    name: str
    state: TaskState
    at: str = ""
    """Since when, ISO 8601; empty where it never ran."""
    url: str = ""
    """Where what it serves answers, if it says so."""
    reason: str = ""
    """Why its state is not known."""


def note_state(state: Path, task: str, part: Part, word: TaskState) -> None:
    """Have it told what has become of a task's command, or of what it serves, in this very process."""
    file = _file(state, task, part)
    file.parent.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    write_whole(file, json.dumps({"state": word, "at": at, "process": this_process()}))


def task_states(state: Path, tasks: Mapping[str, Task]) -> tuple[TaskStatus, ...]:
    """How the tasks of a project are: what they serve while a loop does, else how they last ran."""
    return tuple(_readable(state, name, task) for name, task in tasks.items())


def _readable(state: Path, name: str, task: Task) -> TaskStatus:
    try:
        return _status(state, name, task)
    except (DamagedFileError, OSError) as error:
        return TaskStatus(name, TaskState.UNKNOWN, reason=as_devenv_error(error).message)


def _status(state: Path, name: str, task: Task) -> TaskStatus:
    if task.serve:
        word, at, process = _recorded(state, name, "serve")
        if word and not is_over(process):
            return TaskStatus(name, TaskState(word), at, task.url)
        if not task.run:
            return TaskStatus(name, TaskState.OFF, at)
    word, at, process = _recorded(state, name, "run")
    if not word:
        return TaskStatus(name, TaskState.NEW)
    stopped = word == TaskState.RUNNING and is_over(process)
    return TaskStatus(name, TaskState.STOPPED if stopped else TaskState(word), at)


def _recorded(state: Path, task: str, part: Part) -> tuple[str, str, str]:
    """State, time and process; empty texts where nothing is recorded."""
    found = read_record(_file(state, task, part), state=str, at=str, process=str)
    word = found.get("state", "")
    return (word, found["at"], found["process"]) if word in set(TaskState) else ("", "", "")


def _file(state: Path, task: str, part: Part) -> Path:
    return state / "tasks" / f"{task}.{part}.json"
