"""The tasks of `devenv dev`, with a real engine's lock and real programs, without a cluster."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support.loopback import free_port

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.errors import RunFailedError
from devenv.events import Event, PlanMade, StepFailed
from devenv.plan.steps import serve_key, task_key
from devenv.runtime.agreed_commands import agree
from devenv.runtime.environment import Environment
from devenv.runtime.run_state import RunState
from devenv.runtime.toolbox import Toolbox
from devenv.spec.load import load_workspace
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import silent_session
from devenv.workflows.live_sync.tasks import LoopTasks

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with closing(Engine.connect()) as engine:
        yield engine


@pytest.fixture
def port() -> int:
    return free_port()


class Shop:
    """A project whose page is made by a task, served by another, and looked at by a third."""

    def __init__(self, root: Path, engine: Engine, port: int) -> None:
        self.root = root
        (root / "page").mkdir()
        (root / "page" / "source").write_text("one")
        look = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}/page').read().decode())"
        serve = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
        tasks = {
            "generate": {
                "run": "grep -v bad page/source > made/page",
                "deps": ["page"],
                "outputs": ["made/page"],
            },
            "site": {"serve": serve, "dir": "made", "ready": {"tcp": port}, "needs": ["generate"]},
            "look": {"run": f'{sys.executable} -c "{look}" > seen', "needs": ["site"], "deps": ["made/page"]},
        }
        (root / "made").mkdir()
        name = f"loop-{uuid.uuid4().hex[:8]}"
        spec = {"project": name, "databases": {"orders": {"engine": "postgres"}}, "tasks": tasks}
        (root / "devenv.yaml").write_text(yaml.safe_dump(spec))
        workspace, state = load_workspace(root, data_root=data_root()), root / "state"
        self.environment = Environment(workspace, engine, data_root(), state, state, lambda *_: None)
        agree(state, [found for task in workspace.project.tasks.values() for found in task.host_commands])
        self.events: list[Event] = []
        self.session = replace(silent_session(), emit=self.events.append)
        self.state = RunState(Toolbox(state / "kubeconfig"))
        self.tasks = LoopTasks(self.environment, (), self.state, self.session, logs=True)

    def planned(self) -> list[list[str]]:
        """The steps of each plan since the last question."""
        found = [[step.key for step in event.steps] for event in self.events if isinstance(event, PlanMade)]
        self.events.clear()
        return found

    def save(self, text: str, *names: str) -> None:
        """A round after a save for each of these tasks, one after the other."""
        (self.root / "page" / "source").write_text(text)
        with exclusive(self.environment.engine, self.environment.names.project, self.session):
            for name in names:
                self.tasks.run_rest([name], self.tasks.run_first([name]))


def test_what_is_saved_is_made_served_and_looked_at(tmp_path: Path, engine: Engine, port: int) -> None:
    shop = Shop(tmp_path, engine, port)
    with shop.state.servers:
        with exclusive(engine, shop.environment.names.project, shop.session):
            shop.tasks.run_first(shop.tasks.tasks)
            shop.tasks.begin()
        assert shop.planned() == [[task_key("generate")], [task_key("look"), serve_key("site")]]
        assert (tmp_path / "seen").read_text() == "one\n\n"

        shop.save("two", "generate", "look")
        assert (tmp_path / "seen").read_text() == "two\n\n"
        assert [keys for keys in shop.planned() if serve_key("site") in keys] == []

        shop.save("two", "generate", "look")
        assert shop.planned() == []

        with exclusive(engine, shop.environment.names.project, shop.session):
            assert shop.tasks.run_first(["generate"], asked=["generate"]) == {"generate"}


def test_a_task_that_fails_is_told_and_the_next_save_tries_again(tmp_path: Path, engine: Engine, port: int) -> None:
    shop = Shop(tmp_path, engine, port)
    with pytest.raises(RunFailedError):
        shop.save("bad", "generate")
    assert [event.error.code for event in shop.events if isinstance(event, StepFailed)] == ["task-failed"]

    # What needs what is served waits for the loop's begin.
    (tmp_path / "page" / "source").write_text("good")
    with exclusive(engine, shop.environment.names.project, shop.session):
        assert shop.tasks.run_first(["generate"]) == {"generate"}
    assert (tmp_path / "made" / "page").read_text() == "good\n"
