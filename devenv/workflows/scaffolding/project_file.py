"""devenv.yaml as commands change it: line by line, and as it was where the project would be wrong with the change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.files.records import write_whole
from devenv.spec.workspace import Workspace
from devenv.spec.yaml.edits import with_entry, with_list_item

_STACKS = "stacks"
"""The folder of a project's own stacks where it has none yet."""


@dataclass(frozen=True, slots=True)
class WrittenStack:
    """A stack of the project's own that was written."""

    name: str
    folder: Path
    files: tuple[Path, ...]
    """All that were written, absolute."""
    left: tuple[str, ...]
    """What is left to the user to change in devenv.yaml, in words; nothing where it was changed."""


def read_as_it_is(file: Path) -> str:
    """The text with its ends of lines."""
    return file.read_bytes().decode()


@contextmanager
def changed(file: Path, before: str, after: str) -> Iterator[None]:
    """Have devenv.yaml say something else; when the body fails, it says what it said before."""
    write_whole(file, after)
    try:
        yield
    except BaseException:
        write_whole(file, before)
        raise


def with_stack(text: str, name: str) -> str | None:
    """devenv.yaml with a stack in its list; None where that cannot be written line by line."""
    return with_list_item(text, "stacks", f"name: {name}", in_flow=f"{{name: {name}}}")


def with_database(text: str, name: str, engine: str) -> str | None:
    """devenv.yaml with a further database; None as above."""
    return with_entry(text, "databases", name, f"{{engine: {engine}}}")


def own_stacks(workspace: Workspace) -> str:
    """The folder that a new stack goes into, relative to the project's."""
    return next(iter(workspace.project.stack_paths), _STACKS)


def with_own_stacks(text: str, workspace: Workspace) -> str | None:
    """devenv.yaml with that folder in its list; None as above."""
    return text if workspace.project.stack_paths else with_list_item(text, "stack_paths", _STACKS)
