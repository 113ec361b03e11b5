"""What `devenv dev` holds back until it is asked for, and what is due then."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from devenv.adapters.files.paths import data_root
from devenv.errors import UsageError
from devenv.events import Event, Noted
from devenv.spec.load import load_workspace
from devenv.workflows.access.session import silent_session
from devenv.workflows.live_sync.triggers import Due, Triggers, trigger, triggered
from devenv.workflows.live_sync.watching import Changes, Saved


class Loop:
    """A project of a service that is brought by itself, one that waits, and two tasks of the same kinds."""

    def __init__(self, root: Path) -> None:
        for folder in ("api", "web"):
            (root / folder).mkdir()
            (root / folder / "Dockerfile").write_text("FROM scratch\n")
        services = {"api": {"build": "api", "port": 80}, "site": {"build": "web", "port": 80, "dev": "manual"}}
        tasks = {
            "generate": {"run": "make", "deps": ["api"]},
            "check": {"run": "make", "deps": ["api"], "dev": "manual"},
        }
        (root / "devenv.yaml").write_text(yaml.safe_dump({"project": "shop", "services": services, "tasks": tasks}))
        workspace = load_workspace(root, data_root=data_root())
        self.events: list[Event] = []
        self.triggers = Triggers(workspace, {"api": ("api",), "web": ("site",)}, tasks, self.events.append)

    def save(self, *names: str, tasks: tuple[str, ...] = ()) -> tuple[set[str], set[str]]:
        return self._named(self.triggers.due(Saved(frozenset(names), frozenset(tasks), at=1.0)))

    def ask(self, *names: str) -> tuple[set[str], set[str]]:
        due = self.triggers.due(Saved(triggered=names))
        assert due.saved.at > 1
        assert due.asked == due.saved.tasks
        return self._named(due)

    @staticmethod
    def _named(due: Due) -> tuple[set[str], set[str]]:
        return set(due.saved.names), set(due.saved.tasks)

    def told(self) -> list[str]:
        found = [event.message for event in self.events if isinstance(event, Noted)]
        self.events.clear()
        return found


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return Loop(tmp_path)


def test_what_is_manual_waits_and_is_told_once(loop: Loop) -> None:
    assert loop.save("api", "web", tasks=("generate", "check")) == ({"api"}, {"generate"})
    assert loop.told() == [
        "web was saved, and waits until it is asked for",
        "check was saved, and waits until it is asked for",
    ]
    assert loop.save("web") == (set(), set())
    assert loop.told() == []


def test_it_is_due_when_it_is_asked_for_by_its_name_or_its_services(loop: Loop) -> None:
    assert loop.ask("site") == ({"web"}, set())
    assert loop.ask("web", "check") == ({"web"}, {"check"})
    assert loop.ask("nobody") == (set(), set())
    assert loop.told() == ["nobody was asked for, and this loop does not watch it"]


def test_without_a_name_all_is_due_that_waits(loop: Loop) -> None:
    assert loop.ask("") == (set(), set())
    assert loop.told() == ["nothing waits until it is asked for"]
    loop.save("web", tasks=("check",))
    assert loop.ask("") == ({"web"}, {"check"})
    assert loop.ask("") == (set(), set())


def test_what_cannot_be_asked_for_is_an_error(loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loop.triggers.manual == {"web"}
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with pytest.raises(UsageError, match="devenv dev watches no sit") as caught:
        trigger(tmp_path, ["sit"], silent_session())
    assert caught.value.hint == "did you mean site?"
    with pytest.raises(UsageError, match="no devenv dev runs for project shop"):
        trigger(tmp_path, ["site"], silent_session())


def test_a_line_that_is_typed_asks_too(tmp_path: Path) -> None:
    changes: Changes = queue.SimpleQueue()

    @contextmanager
    def typed(take: Callable[[str], None]) -> Iterator[None]:
        for line in ("r", "hello", "r web", "rest"):
            take(line)
        yield

    with triggered(tmp_path, changes, typed):
        assert [changes.get(timeout=60) for _ in range(2)] == [Saved(triggered=("",)), Saved(triggered=("web",))]
        assert changes.empty()
