"""One real environment for all end-to-end tests, with a name, ports and state of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environment import Project, Result

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "alt"
PROJECT = "devenv-e2e"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of the example under another name; what a run before left behind is removed first."""
    root = tmp_path_factory.mktemp("e2e") / "alt"
    shutil.copytree(EXAMPLE, root)
    state = tmp_path_factory.mktemp("e2e-state")
    made = Project(root, {"XDG_STATE_HOME": str(state), "CI": ""})
    made.write_spec({**made.spec, "project": PROJECT})
    made.devenv("down", timeout=120)
    yield made
    made.devenv("down", timeout=120)


@pytest.fixture(scope="session")
def first_up(project: Project) -> Result:
    """`devenv up` from nothing."""
    return project.devenv("up", "--yes", "--json")


@pytest.fixture
def environment(project: Project, first_up: Result) -> Project:
    """The environment, up."""
    assert first_up.status == 0
    return project


@pytest.fixture
def cluster(environment: Project) -> Path:
    """The kubeconfig of the running cluster."""
    return Path(environment.devenv("kubeconfig").stdout.strip())
