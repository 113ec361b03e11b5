"""What `devenv dev` holds back until somebody asks for it: `dev: manual`, and `devenv dev trigger NAME`.

Responsible for what is due. How it is asked for from elsewhere is the concern of `devenv.adapters.files.mailbox`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.adapters.files.mailbox import receiving, send
from devenv.adapters.files.paths import state_dir
from devenv.errors import UsageError
from devenv.events import Emit, Noted
from devenv.runtime.observe.stack_inputs import images_of
from devenv.spec.read.wording import name_hint
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import Session
from devenv.workflows.live_sync.watching import Changes, Saved

_LETTER = "r"
"""What the user types, with or without a name, to ask for what is held back."""

Typed = Callable[[Callable[[str], None]], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Due:
    """What a round is made for."""

    saved: Saved
    asked: frozenset[str] = frozenset()
    """Tasks that run whatever they read."""


class Triggers:
    """What is held back in one loop."""

    def __init__(
        self, workspace: Workspace, users: Mapping[str, Sequence[str]], tasks: Collection[str], emit: Emit
    ) -> None:
        """`users` are the loop's images, each with its stacks."""
        project = workspace.project
        self.manual = frozenset(name for name in users if project.images[name].dev == "manual")
        self.manual_tasks = frozenset(name for name in tasks if project.tasks[name].dev == "manual")
        self._users, self._tasks, self._emit = users, tasks, emit
        self._held: set[str] = set()
        self._held_tasks: set[str] = set()

    def due(self, saved: Saved) -> Due:
        """What of a save is due now, with what was held back and has been asked for."""
        images, tasks = self._resolved(saved.triggered)
        self._hold(saved.names & self.manual - images, self._held)
        self._hold(saved.tasks & self.manual_tasks - tasks, self._held_tasks)
        self._held -= images
        self._held_tasks -= tasks
        names = (saved.names - self.manual) | images
        now = saved.at or time.time()
        return Due(replace(saved, names=names, tasks=(saved.tasks - self.manual_tasks) | tasks, at=now), tasks)

    def _hold(self, names: Collection[str], held: set[str]) -> None:
        for name in sorted(set(names) - held):
            self._emit(Noted(f"{name} was saved, and waits until it is asked for", hint=f"devenv dev trigger {name}"))
        held.update(names)

    def _resolved(self, names: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
        """The images and the tasks that are asked for: of all names, those that are held back."""
        images, tasks = set[str](), set[str]()
        for name in names:
            if not name:
                images |= self._held
                tasks |= self._held_tasks
                if not (images or tasks):
                    self._emit(Noted("nothing waits until it is asked for"))
                continue
            mine = {image for image, stacks in self._users.items() if name == image or name in stacks}
            images |= mine
            if name in self._tasks:
                tasks.add(name)
            elif not mine:
                self._emit(Noted(f"{name} was asked for, and this loop does not watch it", "warning"))
        return frozenset(images), frozenset(tasks)


@contextmanager
def triggered(state: Path, changes: Changes, typed: Typed) -> Iterator[None]:
    """While the body runs, what is asked for comes with what is saved; `typed` tells the lines that the user types."""

    def ask(name: str) -> None:
        changes.put(Saved(triggered=(name,)))

    def read(line: str) -> None:
        letter, _, name = line.partition(" ")
        if letter == _LETTER:
            ask(name.strip())

    with receiving(_folder(state), ask), typed(read):
        yield


def trigger(directory: Path, names: Sequence[str], session: Session) -> int:
    """Ask the loops that run for images, services or tasks, or without names for all that they hold back.

    Returns how many loops were asked.

    Raises:
        UsageError: there is no such name, or no loop runs.
    """
    workspace = load_project(directory, session)
    project = workspace.project
    specs = [workspace.stacks[name].spec for name in workspace.selected]
    services = {spec.name for spec in specs if project.images.keys() & set(images_of(spec, licensed=False).values())}
    known = {*project.images, *project.tasks, *services}
    for name in names:
        if name not in known:
            raise UsageError(f"devenv dev watches no {name}", hint=name_hint(name, known, "images, services and tasks"))
    folder = _folder(state_dir(project.project, create=False))
    asked = min((send(folder, name) for name in names or ("",)), default=0)
    if not asked:
        raise UsageError(f"no devenv dev runs for project {project.project}", hint="devenv dev")
    return asked


def _folder(state: Path) -> Path:
    return state / "dev"
