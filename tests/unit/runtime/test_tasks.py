"""What a task reads, when it runs again, and how it fails: with real files and real commands."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.errors import HostCommandError, TaskError
from devenv.events import Event, StepOutput
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.steps import RunTask, StartServing
from devenv.plan.tasks import reasons_to_run
from devenv.runtime.agreed_commands import agree
from devenv.runtime.environment import Environment
from devenv.runtime.run.execute import execute
from devenv.runtime.run_state import RunState
from devenv.runtime.step_context import StepContext
from devenv.runtime.tasks.inputs import TaskInputs
from devenv.runtime.tasks.observe import observe_tasks, tasks_of
from devenv.runtime.tasks.states import TaskState, task_states
from devenv.runtime.toolbox import Toolbox
from devenv.spec.load import load_workspace
from devenv.spec.local_image import LocalImage
from devenv.spec.tasks.task import Task

IMAGE = {"api": LocalImage(context="api")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    for name in ("api/src/a.proto", "api/src/b.log", "api/Dockerfile", "web/index.html", "web/node_modules/x.js"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name}\n")
    (folder / "api" / ".dockerignore").write_text("**/*.log\n")
    return folder


def inputs(root: Path, *deps: str, outputs: tuple[str, ...] = ()) -> TaskInputs:
    return TaskInputs(root, Task(run="make", deps=deps, outputs=outputs), IMAGE)


def content(found: TaskInputs) -> str:
    return found.content(FileDigests(), "here")


@pytest.mark.parametrize("name", ["api/src/a.proto", "api/src/new/c.proto", "api/src"])
def test_what_lies_in_its_deps_concerns_it(root: Path, name: str) -> None:
    assert inputs(root, "api/src").concerns(root / name)


@pytest.mark.parametrize("name", ["api/src/b.log", "api/Dockerfile", "web/index.html", "api/src/.git/HEAD"])
def test_what_an_image_ignores_and_what_lies_elsewhere_does_not(root: Path, name: str) -> None:
    assert not inputs(root, "api/src").concerns(root / name)


def test_what_a_build_does_not_get_at_all_counts_where_it_is_named(root: Path) -> None:
    (root / "api" / ".dockerignore").write_text("*\n!dist\n")

    assert inputs(root, "api/src").concerns(root / "api" / "src" / "a.proto")


def test_what_it_makes_itself_does_not_count(root: Path) -> None:
    found = inputs(root, "web", outputs=("web/node_modules", "web/[id].js"))
    before = content(found)
    (root / "web" / "node_modules" / "y.js").write_text("")
    (root / "web" / "[id].js").write_text("")

    assert not found.concerns(root / "web" / "node_modules" / "y.js")
    assert not found.concerns(root / "web" / "[id].js")
    assert content(found) == before
    assert not found.missing
    shutil.rmtree(root / "web" / "node_modules")
    assert inputs(root, "web", outputs=("web/node_modules",)).missing


def test_its_content_changes_with_all_that_it_reads(root: Path) -> None:
    found = inputs(root, "api/src", "web/index.html")
    seen = [content(found)]
    (root / "api" / "src" / "b.log").write_text("another")
    assert content(found) == seen[0]
    (root / "api" / "src" / "a.proto").write_text("another")
    seen.append(content(found))
    (root / "api" / "src" / "a.proto").chmod(0o755)
    seen.append(content(found))
    (root / "web" / "index.html").unlink()
    seen.append(content(found))
    (root / "api" / "src" / "empty").mkdir()
    seen.append(content(found))
    seen.append(found.content(FileDigests(), "there"))
    assert len(set(seen)) == len(seen)


class Shop:
    """A project with tasks, without an engine: tasks that need no stack ask none."""

    def __init__(self, root: Path, state: Path, tasks: dict[str, Any]) -> None:
        spec = {"project": "shop", "databases": {"orders": {"engine": "postgres"}}, "tasks": tasks}
        (root / "devenv.yaml").write_text(yaml.safe_dump(spec))
        workspace = load_workspace(root, data_root=data_root())
        self.environment = Environment(workspace, cast("Engine", None), data_root(), state, state, lambda *_: None)
        self.events: list[Event] = []
        self.run = RunState(Toolbox(state / "kubeconfig"))

    @property
    def reasons(self) -> dict[str, str]:
        tasks = tasks_of(self.environment, (), {})
        return reasons_to_run(tasks, observe_tasks(self.environment, tasks, self.run.ran_tasks))

    def do(self, name: str, *, agreed: bool = True, may_be_same: bool = False) -> str:
        task = self.environment.workspace.project.tasks[name]
        if agreed:
            agree(self.environment.state, [task.shown])
        step = RunTask(name, task, leads=True, may_be_same=may_be_same)
        return execute(step, StepContext(self.environment, self.run, step.key, self.events.append, threading.Event()))

    def serve(self, name: str) -> None:
        task = self.environment.workspace.project.tasks[name]
        agree(self.environment.state, task.host_commands)
        step = StartServing(name, task)
        execute(step, StepContext(self.environment, self.run, step.key, self.events.append, threading.Event()))

    def printed(self) -> list[str]:
        return [event.line for event in self.events if isinstance(event, StepOutput)]


def test_a_task_runs_where_and_as_it_says_and_again_when_what_it_reads_has_changed(root: Path, tmp_path: Path) -> None:
    run = 'echo "$GREETING from $(basename "$PWD")"; cp src/a.proto a.go'
    generate = {"run": run, "deps": ["api/src"], "outputs": ["api/a.go"], "dir": "api", "env": {"GREETING": "hello"}}
    shop = Shop(root, tmp_path / "state", {"generate": generate})

    assert shop.reasons == {"generate": "new"}
    shop.do("generate")
    assert shop.printed() == ["hello from api"]
    assert shop.reasons == {"generate": ""}
    assert shop.do("generate", may_be_same=True) == "unchanged"
    (root / "api" / "src" / "a.proto").write_text("another")
    assert shop.reasons == {"generate": "changed"}
    shop.do("generate", may_be_same=True)
    assert (root / "api" / "a.go").read_text() == "another"
    assert shop.reasons == {"generate": ""}


def test_it_is_told_how_a_task_is(root: Path, tmp_path: Path) -> None:
    shop = Shop(root, tmp_path / "state", {"check": {"run": "test -e ready"}, "web": {"serve": "sleep 60"}})
    state, tasks = shop.environment.state, shop.environment.workspace.project.tasks

    def words() -> dict[str, str]:
        return {task.name: task.state for task in task_states(state, tasks)}

    assert words() == {"check": "new", "web": "off"}
    with pytest.raises(TaskError):
        shop.do("check")
    assert words()["check"] == "failed"
    (root / "ready").touch()
    shop.do("check")
    assert words()["check"] == "done"
    with shop.run.servers:
        shop.serve("web")
        assert words()["web"] == "serving"


def test_a_damaged_record_ends_nothing_and_is_written_anew(root: Path, tmp_path: Path) -> None:
    shop = Shop(root, tmp_path / "state", {"check": {"run": "true", "deps": ["api"]}, "fill": {"run": "true"}})
    state, tasks = shop.environment.state, shop.environment.workspace.project.tasks
    shop.do("check")
    for file in ("check.json", "check.run.json"):
        (state / "tasks" / file).write_text("{")

    check, fill = task_states(state, tasks)
    assert (check.state, fill.state) == (TaskState.UNKNOWN, TaskState.NEW)
    assert check.reason == f"{state}/tasks/check.run.json is damaged"
    assert shop.reasons["check"] == "new"

    shop.do("check")
    assert task_states(state, tasks)[0].state is TaskState.DONE
    assert shop.reasons["check"] == ""


def test_what_a_process_that_is_gone_was_doing_is_over(tmp_path: Path) -> None:
    note = (
        "import sys, pathlib; from devenv.runtime.tasks.states import TaskState, note_state as n; "
        "p = pathlib.Path(sys.argv[1]); "
        "n(p, 'web', 'run', TaskState.RUNNING); n(p, 'web', 'serve', TaskState.SERVING)"
    )
    subprocess.run([sys.executable, "-c", note, tmp_path], check=True, timeout=60)

    (both,) = task_states(tmp_path, {"web": Task(run="make", serve="make serve")})
    (served,) = task_states(tmp_path, {"web": Task(serve="make serve")})

    assert (both.state, served.state) == (TaskState.STOPPED, TaskState.OFF)


def test_a_task_that_fails_is_not_done_and_tells_its_last_words(root: Path, tmp_path: Path) -> None:
    shop = Shop(root, tmp_path / "state", {"generate": {"run": "cat api/flag >&2", "deps": ["api/src", "web"]}})
    (root / "api" / "flag").write_text("no such thing")
    shop.do("generate")
    (root / "api" / "flag").unlink()

    with pytest.raises(TaskError) as caught:
        shop.do("generate")

    assert caught.value.code == "task-failed"
    assert "api/flag" in caught.value.context["last lines"]
    assert shop.reasons == {"generate": "new"}


def test_a_task_that_does_not_make_what_it_says_is_not_done(root: Path, tmp_path: Path) -> None:
    shop = Shop(root, tmp_path / "state", {"generate": {"run": ["true"], "outputs": ["api/a.go"]}})

    with pytest.raises(TaskError, match="has not made what it says it makes"):
        shop.do("generate")
    assert shop.reasons == {"generate": "new"}


def test_nothing_runs_that_nobody_has_agreed_to(root: Path, tmp_path: Path) -> None:
    shop = Shop(root, tmp_path / "state", {"generate": {"run": ["touch", "made"]}})

    with pytest.raises(HostCommandError, match="nobody has agreed to a command on this machine: touch made"):
        shop.do("generate", agreed=False)
    assert not (root / "made").exists()
