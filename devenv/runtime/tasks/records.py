"""When tasks ended well, in the project's state folder: a file for each, since several end at once."""

from __future__ import annotations

import json
from pathlib import Path

from devenv.adapters.files.records import remembered, write_whole


def recorded_content(state: Path, task: str) -> str:
    """What the task was made of when it last ended well; empty when it never did, or that is not known any more."""
    return str(remembered(_file(state, task), content=str).get("content", ""))


def record_content(state: Path, task: str, content: str) -> None:
    """Remember that a task of this content ended well."""
    file = _file(state, task)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, json.dumps({"content": content}))


def forget(state: Path, task: str) -> None:
    """Remember nothing of a task that has begun: what it leaves when it is stopped is half done."""
    _file(state, task).unlink(missing_ok=True)


def _file(state: Path, task: str) -> Path:
    return state / "tasks" / f"{task}.json"
