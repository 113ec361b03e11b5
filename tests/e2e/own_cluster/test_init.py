"""New products, from an empty folder to answers over HTTP with a database behind them.

In the environment in which products of the tests take each other's place.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from support.environment import Project, Result, in_its_place
from support.http_clients import answer

from devenv.testing.eventually import eventually

pytestmark = pytest.mark.e2e

FIRST = {"id": 1, "text": "the first note", "words": 3}
Begin = Callable[[str], Project]


@pytest.fixture(scope="module")
def begin(place: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begin]:
    """Begins a product in a language, in a folder of its own."""
    home = tmp_path_factory.mktemp("new")

    began: list[Project] = []

    def product(language: str) -> Project:
        Project(home, place.env).devenv("init", language, "--name", place.name, "--language", language, "--yes")
        began.append(Project(home / language, place.env))
        return began[-1]

    yield product
    with in_its_place(began[-1]):
        pass


@pytest.fixture(scope="module")
def python(begin: Begin) -> tuple[Project, Result]:
    project = begin("python")
    return project, project.devenv("up", "--adopt", "--yes", "--json")


def notes(project: Project) -> object:
    return answer(project.endpoint("api"), "notes").json()


def test_the_api_answers_and_the_worker_works(python: tuple[Project, Result]) -> None:
    project, up = python
    assert up.last("run-finished")["succeeded"]
    assert notes(project) == [FIRST]

    added = answer(project.endpoint("api"), "notes", form={"text": "buy some milk"})

    assert (added.status_code, added.json()) == (201, {"id": 2, "text": "buy some milk", "words": None})
    eventually(lambda: notes(project) == [FIRST, {"id": 2, "text": "buy some milk", "words": 3}])
    assert project.devenv("up", "--json").of_type("step-started") == []


def test_its_tests_pass(python: tuple[Project, Result]) -> None:
    project, up = python
    assert up.status == 0

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project.root,
        env={**os.environ, **project.env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert not done.returncode, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_a_new_stack_comes_up_and_answers(python: tuple[Project, Result]) -> None:
    project, up = python
    assert up.status == 0
    project.devenv("new", "stack", "search")

    project.devenv("up", "--yes")

    assert answer(project.endpoint("search"), "").text == f"search of {project.name}\n"


@pytest.mark.parametrize("language", ["go", "java"])
def test_the_same_in_another_language_takes_its_place(
    language: str, python: tuple[Project, Result], begin: Begin
) -> None:
    _, up = python
    assert up.status == 0
    project = begin(language)

    assert project.devenv("up", "--adopt", "--yes", "--json").last("run-finished")["succeeded"]

    # The database is the same one.
    added = answer(project.endpoint("api"), "notes", form={"text": "go on"}).json()
    assert added["text"] == "go on"
    eventually(lambda: {**added, "words": 2} in answer(project.endpoint("api"), "notes").json())
    assert "listening on :8080" in project.devenv("logs", "api").stdout
