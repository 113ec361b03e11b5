"""Checks of `tasks`: names, needs, and paths that are there and stay in the project."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from devenv.errors import Problem
from devenv.spec.needs import cycles
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.read.wording import name_hint
from devenv.spec.tasks.task import Task
from devenv.spec.yaml.positions import Document, KeyPath


def task_problems(
    tasks: Mapping[str, Task], document: Document, boundary: Boundary, stacks: Collection[str]
) -> Iterator[Problem]:
    """What is wrong with the tasks of a project.

    Args:
        tasks: by name.
        document: devenv.yaml.
        boundary: the project's folder.
        stacks: names of all stacks, services and databases, those among them of which too much is wrong.
    """
    for name, task in tasks.items():
        at: KeyPath = ("tasks", name)
        if name in stacks:
            yield document.problem(
                at, f"a stack is called {name} too", "give the task another name: `needs` names both"
            )
        for index, need in enumerate(task.needs):
            if need not in tasks and need not in stacks:
                known = [*(other for other in tasks if other != name), *stacks]
                hint = name_hint(need, known, "tasks and stacks")
                yield document.problem((*at, "needs", index), f"there is neither a task nor a stack {need}", hint)
        yield from _path_problems(at, task, document, boundary, made_by(tasks))
    yield from _cycle_problems(tasks, document)


def made_by(tasks: Mapping[str, Task]) -> frozenset[str]:
    """What tasks make, as paths relative to devenv.yaml."""
    paths = (os.path.normpath(output) for task in tasks.values() for output in task.outputs)
    return frozenset(path for path in paths if path != os.curdir)


def _path_problems(
    at: KeyPath, task: Task, document: Document, boundary: Boundary, made: Collection[str]
) -> Iterator[Problem]:
    base = document.file.parent
    folder = boundary.look(base, task.dir, "folder")
    if isinstance(folder, PathProblem) and not _is_made(task.dir, made):
        yield document.problem((*at, "dir"), folder.message, folder.hint)
    for index, text in enumerate(task.deps):
        found = boundary.look(base, text, "file or folder")
        if isinstance(found, PathProblem) and not _is_made(text, made):
            yield document.problem((*at, "deps", index), found.message, found.hint)
    for index, text in enumerate(task.outputs):
        place = boundary.keep(base, text)
        if isinstance(place, PathProblem):
            yield document.problem((*at, "outputs", index), place.message, place.hint)
        elif place == Path(os.path.normpath(base)):
            message = "the project's folder is not made by a task"
            yield document.problem((*at, "outputs", index), message, "name the files and folders that it writes")


def _is_made(text: str, made: Collection[str]) -> bool:
    path = PurePosixPath(os.path.normpath(text))
    return any(path.is_relative_to(output) for output in made)


def _cycle_problems(tasks: Mapping[str, Task], document: Document) -> Iterator[Problem]:
    needs = {name: [need for need in task.needs if need in tasks] for name, task in tasks.items()}
    for ring in cycles(needs):
        at = ("tasks", ring[0], "needs", tasks[ring[0]].needs.index(ring[1] if len(ring) > 1 else ring[0]))
        shown = " -> ".join((*ring, ring[0]))
        yield document.problem(at, f"tasks need each other: {shown}", "remove one of these needs")
