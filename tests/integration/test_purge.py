"""What `devenv down` and its `--purge` take away and leave, in an engine of the tests' own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest
from support.environment import Project
from support.http_server import Server
from support.second_daemon import running_daemon
from support.tiny_image import tiny_root

from devenv.adapters.docker import Engine
from devenv.adapters.process import find_program
from devenv.labels import OURS
from devenv.plan.names import Names
from devenv.runtime.ownership.engines import record_engine, recorded_engines
from devenv.runtime.ownership.marks import look, owner_of, record_owner
from devenv.runtime.ownership.ownership import KIND_CLUSTER_LABEL, KIND_ROLE_LABEL
from devenv.workflows.access.exclusive import confirm_lock, exclusive
from devenv.workflows.access.session import silent_session

pytestmark = [
    pytest.mark.engine,
    pytest.mark.root,
    pytest.mark.skipif(find_program("dockerd") is None or os.geteuid() != 0, reason="needs dockerd and root"),
]
API, NODE = "localhost/devenv/api:1", "localhost/devenv/node:1"
MINE = ("localhost/devenv-tools/web:1", "localhost/devenv/web:1", f"localhost/devenv/web:{'ab' * 6}")


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with running_daemon(tmp_path_factory.mktemp("daemon"), "devenv-test2", "198.51.100.129/26") as daemon:
        yield daemon.socket


@pytest.fixture
def engine(socket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Empty at the beginning of each test; the one that docker's command line talks to as well."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
    with closing(Engine(docker.DockerClient(base_url=f"unix://{socket}", version="auto"))) as engine:
        engine.containers.remove(c.name for c in engine.containers.list({}))
        engine.images.remove(image.id for image in engine.images.list())
        yield engine


@pytest.fixture
def project(socket: Path, tmp_path: Path) -> Project:
    """A project of one small stack, whose caches and state are the test's own."""
    root = tmp_path / "project"
    root.mkdir()
    environ = {
        "DOCKER_HOST": f"unix://{socket}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    made = Project(root, environ)
    made.write_spec({"project": "purged", "stacks": [{"name": "namespaces"}]})
    for kept in ("cache/devenv/tools", "state/devenv/_host/ca", "state/devenv/purged/logs"):
        (tmp_path / kept).mkdir(parents=True)
    return made


def make(engine: Engine, reference: str) -> str:
    return engine.images.import_tar(tiny_root(), reference, ['CMD ["sleep", "600"]'])


def on_a_base_that_is_gone(engine: Engine) -> str:
    """A user's nameless image, built on one of devenv's whose name has been taken away since."""
    base = "localhost/devenv/base:1"
    make(engine, base)
    container = engine.client.api.create_container(base)["Id"]
    made = str(engine.client.api.commit(container, changes="ENV MINE=4")["Id"])
    engine.containers.remove([container])
    engine.images.remove([base])
    return made


def fake_cluster(engine: Engine, project: str, root: Path, image: str) -> Names:
    """A complete cluster of another folder's project, as far as the engine can tell."""
    names = Names(project)
    engine.networks.create(names.network, {**names.labels, **owner_of(root).labels})
    engine.client.containers.run(
        image,
        name=f"{names.cluster}-control-plane",
        detach=True,
        network=names.network,
        labels={KIND_CLUSTER_LABEL: names.cluster, KIND_ROLE_LABEL: "control-plane"},
    )
    record_owner(engine, names, owner_of(root))
    return names


def test_purge_asks_and_leaves_what_users_have_named_or_built(engine: Engine, project: Project, tmp_path: Path) -> None:
    replaced = make(engine, API)
    base = make(engine, API)
    engine.images.tag(API, "mine/renamed:1")
    container = engine.client.api.create_container(API)["Id"]
    engine.client.api.commit(container, "mine/derived", "1", changes="ENV MINE=1")
    # Also under a name as devenv gives them: the user's project is called devenv, or its images are devenv-tools.
    for name in MINE:
        repository, _, tag = name.rpartition(":")
        engine.client.api.commit(container, repository, tag, changes="ENV MINE=3")
    nameless = engine.client.api.commit(container, changes="ENV MINE=2")["Id"]
    lonely = on_a_base_that_is_gone(engine)
    engine.containers.remove([container])
    assert all(OURS.items() <= image.labels.items() for image in engine.images.list()), "labels are inherited"

    refused = project.devenv("down", "--purge", expect=2)
    assert "takes your consent" in refused.stderr
    assert "devenv down --purge --yes" in refused.stderr
    assert API in engine.images.ids([API])
    assert (tmp_path / "state/devenv/purged").exists(), "nothing was removed, not the project either"

    reported = project.devenv("down", "--purge", "--yes").stderr
    assert "build cache" not in reported, "it is not in the engine that devenv installed"
    left = {reference for image in engine.images.list() for reference in image.references or (image.id,)}
    assert left == {"mine/renamed:1", "mine/derived:1", *MINE, nameless, lonely}
    assert base in engine.images.ids(["mine/renamed:1"]).values()
    assert replaced not in left
    assert not (tmp_path / "cache/devenv").exists()
    assert not (tmp_path / "state/devenv/_host/ca").exists()


def test_purge_leaves_what_another_projects_cluster_needs(engine: Engine, project: Project, tmp_path: Path) -> None:
    make(engine, API)
    make(engine, NODE)
    fake_cluster(engine, "neighbour", tmp_path / "neighbour", NODE)

    reported = project.devenv("down", "--purge", "--yes").stderr
    assert "kept for neighbour: 2 images, the caches and the local CA" in reported
    # It cannot be asked which images it needs.
    assert engine.images.ids([API, NODE]).keys() == {API, NODE}
    assert (tmp_path / "cache/devenv/tools").exists()
    assert (tmp_path / "state/devenv/_host/ca").exists()
    assert not (tmp_path / "state/devenv/purged").exists()


def test_purge_leaves_what_a_project_needs_that_is_being_built_or_is_up_elsewhere(
    engine: Engine, project: Project, tmp_path: Path
) -> None:
    make(engine, API)
    session = silent_session()
    with exclusive(engine, "first-up", session):
        confirm_lock("first-up", session)
        reported = project.devenv("down", "--purge", "--yes").stderr
    assert "kept for first-up: 1 images, the caches and the local CA" in reported

    (tmp_path / "state/devenv/neighbour").mkdir()
    (tmp_path / "state/devenv/neighbour/engines.json").write_text('{"engines": {"id": "DOCKER_CONTEXT=other"}}')
    assert "kept for neighbour: 0 images" in project.devenv("down", "--purge", "--yes").stderr
    assert (tmp_path / "cache/devenv/tools").exists()
    assert (tmp_path / "state/devenv/_host/ca").exists()
    # As without any of them: the lock's own image goes as well.
    assert engine.images.list() == []


def test_down_in_an_engine_that_has_no_cluster_leaves_the_one_in_another(
    engine: Engine, project: Project, tmp_path: Path
) -> None:
    state = tmp_path / "state/devenv/purged"
    record_engine(state, engine)
    record = state / "engines.json"
    there = json.loads(record.read_text())["engines"]
    record.write_text(json.dumps({"engines": {"another ID": "DOCKER_HOST=unix:///run/other.sock"}}))

    refused = project.devenv("down", "--purge", "--yes", expect=1).stderr
    assert "cluster-other-engine" in refused
    assert "another ID" in refused
    assert engine.version().id in refused
    assert "DOCKER_HOST=unix:///run/other.sock devenv down" in refused
    assert (tmp_path / "cache/devenv/tools").exists()

    make(engine, NODE)
    names = fake_cluster(engine, project.name, project.root, NODE)
    record.write_text(json.dumps({"engines": {"another ID": "DOCKER_CONTEXT=other", **there}}))
    kept = project.devenv("down", "--yes").stderr
    assert "its state is kept" in kept
    assert "DOCKER_CONTEXT=other devenv down" in kept
    assert not look(engine, names).containers
    assert list(recorded_engines(state)) == ["another ID"]

    record.write_text("")
    record_engine(state, engine)
    assert record.read_text() == "", "what it named is not forgotten by the way"
    assert "file-damaged" in project.devenv("down", "--yes", expect=1).stderr
    record.write_text(json.dumps({"engines": there}))
    project.devenv("down", "--yes")
    assert not state.exists()


@pytest.mark.parametrize("name", ["kubeconfig", "kubeconfig-of-another-way-to-an-engine"])
def test_down_leaves_the_state_of_a_cluster_whose_api_answers(project: Project, tmp_path: Path, name: str) -> None:
    kubeconfig = tmp_path / "state/devenv/purged" / name
    with Server() as api:
        api.serve("/readyz", b"ok")
        kubeconfig.write_text(
            "{current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],"
            f" clusters: [{{name: a, cluster: {{server: '{api.url}'}}}}], users: [{{name: a, user: {{}}}}]}}"
        )
        refused = project.devenv("down", "--yes", expect=1).stderr
    assert "cluster-other-engine" in refused
    assert kubeconfig.exists()
    kubeconfig.write_text("")
    project.devenv("down", "--yes")
    assert not kubeconfig.exists()


def test_down_of_another_folders_cluster_takes_more_than_yes(engine: Engine, project: Project, tmp_path: Path) -> None:
    make(engine, NODE)
    names = fake_cluster(engine, project.name, tmp_path / "elsewhere", NODE)

    refused = project.devenv("down", "--yes", expect=1)
    assert "cluster-other-folder" in refused.stderr
    assert str(tmp_path / "elsewhere") in refused.stderr
    assert "devenv down --adopt" in refused.stderr
    assert look(engine, names).containers

    project.devenv("down", "--yes", "--adopt")
    assert not look(engine, names).containers
    assert engine.networks.labels(names.network) is None


def test_down_leaves_a_cluster_that_is_not_devenvs_though_the_network_is(
    engine: Engine, project: Project, tmp_path: Path
) -> None:
    make(engine, NODE)
    names = Names(project.name)
    engine.networks.create(names.network, {**names.labels, **owner_of(project.root).labels})
    theirs = engine.client.containers.run(
        NODE, detach=True, labels={KIND_CLUSTER_LABEL: names.cluster, KIND_ROLE_LABEL: "control-plane"}
    )
    refused = project.devenv("down", "--yes", expect=1)
    assert "cluster-foreign" in refused.stderr
    assert [c.name for c in look(engine, names).containers] == [theirs.name]
    assert (tmp_path / "state/devenv/purged").exists()
    engine.networks.remove(names.network)


def test_down_without_an_engine_that_answers_keeps_everything(project: Project, tmp_path: Path) -> None:
    alone = Project(project.root, {**project.env, "DOCKER_HOST": f"unix://{tmp_path}/no.sock"})
    for arguments in (("down",), ("down", "--purge", "--yes")):
        refused = alone.devenv(*arguments, expect=3)
        assert "engine-chosen-unavailable" in refused.stderr
        assert "is not known" in refused.stderr
        assert "start the engine, then: devenv down" in refused.stderr
    assert alone.devenv("status", expect=3).stdout == ""
    assert (tmp_path / "state/devenv/purged/logs").exists()
    assert (tmp_path / "cache/devenv/tools").exists()
