"""What `devenv dev` hears of saves: of images' contexts, of tasks' folders, and of single files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import yaml

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.images.build.watched import WatchedContext
from devenv.plan.image import Recipe
from devenv.runtime.environment import Environment
from devenv.spec.load import load_workspace
from devenv.workflows.live_sync.tasks import WatchedTask
from devenv.workflows.live_sync.watching import Changes, Saved, Watched, next_saved, watching

TASKS = {
    "install": {"run": "make", "deps": ["package.json"]},
    "assets": {"run": "make", "deps": ["web"], "outputs": ["web/made"]},
}


def project(root: Path) -> Environment:
    for name in ("api/Dockerfile", "web/index.html", "package.json", "deep/package.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    spec = {"project": "shop", "databases": {"orders": {"engine": "postgres"}}, "tasks": TASKS}
    (root / "devenv.yaml").write_text(yaml.safe_dump(spec))
    workspace = load_workspace(root, data_root=data_root())
    return Environment(workspace, cast("Engine", None), data_root(), root, root, lambda *_: None)


@contextmanager
def watched(root: Path) -> Iterator[Changes]:
    environment = project(root)
    context = WatchedContext("api", Recipe(root / "api" / "Dockerfile", root / "api", None, (), ()))
    tasks = [WatchedTask(name, environment) for name in TASKS]
    with watching(Watched([context], tasks, lambda *_: False), lambda _: None) as changes:
        assert not next_saved(changes).names
        yield changes


def test_a_save_is_told_to_those_who_read_it(tmp_path: Path) -> None:
    with watched(tmp_path) as changes:
        (tmp_path / "package.json").write_text("{}")
        saved = next_saved(changes)
        assert (set(saved.names), set(saved.tasks)) == (set(), {"install"})

        (tmp_path / "deep" / "package.json").write_text("{}")
        (tmp_path / "web" / "made").write_text("by the task")
        (tmp_path / "api" / "main.py").write_text("")
        saved = next_saved(changes)
        assert (set(saved.names), set(saved.tasks)) == ({"api"}, set())

        (tmp_path / "web" / "new.html").write_text("")
        assert set(next_saved(changes).tasks) == {"assets"}


def test_nothing_to_watch_is_fine() -> None:
    with watching(Watched([], [], lambda *_: False), lambda _: None) as changes:
        assert next_saved(changes) == Saved()
