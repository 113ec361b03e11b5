"""One real environment for all end-to-end tests, with a name, ports and state of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environment import PREFIX, Project, Result, alone, state_of_its_own
from support.host_state import host_state
from support.nodes import NODE_REPOSITORIES, RUN
from support.programs import missing

from devenv.adapters.docker import Engine
from devenv.adapters.tools.toolchain import Toolchain
from devenv.errors import EngineUnavailableError
from devenv.spec.catalogue import load_versions

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "alt"
DATABASES = ("kratos-postgres", "auth-postgres", "mysql", "clickhouse", "redis", "nats")
"""Beside the example's own: every engine that can be had without a registry."""
OBSERVABILITY = ("monitoring", "dashboards", "logs")
"""They come last: the other tests would take half as long again beside them."""


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of the example under another name; what a run before left behind is removed first."""
    root = tmp_path_factory.mktemp("e2e") / "alt"
    shutil.copytree(EXAMPLE, root)
    made = Project(root, state_of_its_own(tmp_path_factory))
    stacks = [*made.spec["stacks"], *({"name": name} for name in DATABASES)]
    made.write_spec({**made.spec, "project": PREFIX, "stacks": stacks})
    with alone(made):
        yield made


@pytest.fixture(scope="session")
def host_before(project: Project) -> dict[str, set[str]]:
    """The host before the first `up`."""
    assert project.status()["cluster"]["state"] == "absent"
    return host_state()


@pytest.fixture(scope="session")
def first_up(project: Project, host_before: dict[str, set[str]]) -> Result:
    """`devenv up` from nothing."""
    assert host_before
    return project.devenv("up", "--yes", "--json")


@pytest.fixture
def environment(project: Project, first_up: Result) -> Project:
    """The environment, up."""
    assert first_up.status == 0
    return project


@pytest.fixture(scope="session")
def observed(project: Project, first_up: Result) -> Project:
    """The environment with the stacks that observe it, which a user has chosen later."""
    assert first_up.status == 0
    stacks = [*project.spec["stacks"], *({"name": name} for name in OBSERVABILITY)]
    project.write_spec({**project.spec, "stacks": stacks})
    project.devenv("up", "--yes")
    return project


@pytest.fixture
def inside(environment: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The environment, for tests that use devenv's own modules: this process looks for its state where it is."""
    for name, value in environment.env.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
def cluster(environment: Project) -> Path:
    """The kubeconfig of the running cluster."""
    return Path(environment.devenv("kubeconfig").stdout.strip())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine, for tests that load images; what they make is labelled and goes with it."""
    try:
        engine = Engine.connect(Toolchain(load_versions().tools).locate("buildx").path)
    except EngineUnavailableError as error:
        missing(error.message)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield engine
    engine.containers.remove(c.name for c in engine.containers.list({"devenv.io/test": RUN}))
    engine.images.remove(image.id for image in engine.images.list({"devenv.io/test": RUN}))
    engine.close()


@pytest.fixture(scope="module")
def node_image(engine: Engine) -> str:
    """A node image that was made before."""
    for repository in NODE_REPOSITORIES:
        for image in engine.client.images.list(name=repository):
            if image.tags:
                return image.tags[0]
    return missing("there is no node image yet: the tests of `up` make it")
