"""What the engine is asked of a project's cluster: real containers that are labelled as kind labels its nodes."""

from __future__ import annotations

import io
import tarfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from support.programs import missing
from support.tiny_image import tiny_root

from devenv.adapters.docker import Engine
from devenv.errors import ClusterError, EngineUnavailableError, OtherFolderError
from devenv.labels import LABEL_LOCK
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.ownership.kubeconfig import export_kubeconfig
from devenv.runtime.ownership.marks import look, owner_of, record_owner
from devenv.runtime.ownership.ownership import KIND_CLUSTER_LABEL, KIND_ROLE_LABEL, Owner
from devenv.workflows.access.running import running_cluster
from devenv.workflows.access.session import silent_session
from devenv.workflows.down import DownRequest, down
from devenv.workflows.environments import EnvironmentRow, list_environments
from devenv.workflows.start import StartRequest, start
from devenv.workflows.stop import stop

pytestmark = pytest.mark.engine
NAMES = Names(f"test-{uuid.uuid4().hex[:8]}")
OTHER = Owner("/srv/other", "elsewhere", "bob")
ADMIN = {
    "clusters": [{"name": "x", "cluster": {"server": "https://inside:6443", "certificate-authority-data": "Y2E="}}],
    "users": [{"name": "kubernetes-admin", "user": {"client-key-data": "a2V5"}}],
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The engine; nothing is built."""
    try:
        engine = Engine.connect()
    except EngineUnavailableError as error:
        missing(error.message)
    with closing(engine):
        yield engine


@pytest.fixture
def containers(engine: Engine, labels: dict[str, str], tmp_path: Path) -> Iterator[list[str]]:
    """A control plane and a worker, running, in a network that this folder's run has made."""
    image = f"localhost/devenv-test/{NAMES.project}:1"
    engine.images.import_tar(tiny_root(), image, ['CMD ["sleep", "600"]'], labels)
    engine.networks.create(NAMES.network, {**NAMES.labels, **owner_of(tmp_path).labels})
    names = []
    for role in ("control-plane", "worker"):
        kind = {KIND_CLUSTER_LABEL: NAMES.cluster, KIND_ROLE_LABEL: role}
        name = f"{NAMES.cluster}-{role}"
        api = engine.client.api
        published: dict[int | str, object] = {"6443/tcp": ("127.0.0.1",)} if role == "control-plane" else {}
        api.create_container(
            image,
            name=name,
            labels={**labels, **kind},
            ports=[6443],
            host_config=api.create_host_config(port_bindings=published, network_mode=NAMES.network),
        )
        engine.containers.start([name])
        names.append(name)
    yield names
    engine.containers.remove(names)
    engine.networks.remove(NAMES.network)
    engine.images.remove([image])


def folder(name: str) -> bytes:
    """An empty folder as a tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(member)
    return buffer.getvalue()


def test_a_mark_tells_whose_a_cluster_is_whatever_else_is_lost(
    engine: Engine, containers: list[str], tmp_path: Path
) -> None:
    fresh = look(engine, NAMES)
    assert (fresh.state, fresh.never_complete) == (ClusterState.RUNNING, True)
    assert fresh.owner == owner_of(tmp_path)

    record_owner(engine, NAMES, owner_of(tmp_path), fresh)
    marked = look(engine, NAMES)
    assert not marked.never_complete
    addresses = {name: mark.address for name, mark in marked.marks.items()}
    assert len(set(addresses.values()) - {""}) == len(containers)

    record_owner(engine, NAMES, OTHER, marked)
    # A disk that was full, or a power cut, has left nothing in one of them.
    engine.files.write(containers[0], "/etc/devenv.json", b"")
    # Stopped, and its network pruned.
    for name in containers:
        engine.client.api.kill(name)
        engine.client.api.wait(name)
        engine.client.api.disconnect_container_from_network(name, NAMES.network)
    engine.networks.remove(NAMES.network)
    left = look(engine, NAMES)
    assert (left.state, left.owner, left.never_complete) == (ClusterState.STOPPED, OTHER, False)
    assert left.marks[containers[1]].address == addresses[containers[1]]


def test_a_cluster_of_which_no_mark_can_be_read_is_not_one_that_never_was_complete(
    engine: Engine, containers: list[str]
) -> None:
    for name in containers:
        engine.files.write(name, "/etc/devenv.json", b"")
    assert not look(engine, NAMES).never_complete


def test_a_mark_that_cannot_be_written_leaves_the_former_one(
    engine: Engine, containers: list[str], tmp_path: Path
) -> None:
    record_owner(engine, NAMES, owner_of(tmp_path))
    engine.containers.stop([containers[0]])
    with pytest.raises(ClusterError):
        record_owner(engine, NAMES, OTHER)
    assert look(engine, NAMES).marks[containers[0]].owner == owner_of(tmp_path)


@pytest.mark.usefixtures("containers")
def test_a_container_of_others_under_the_clusters_name_makes_it_foreign(
    engine: Engine, labels: dict[str, str], tmp_path: Path
) -> None:
    record_owner(engine, NAMES, owner_of(tmp_path))
    image = f"localhost/devenv-test/{NAMES.project}:1"
    theirs = engine.client.containers.run(
        image, detach=True, labels={**labels, KIND_CLUSTER_LABEL: NAMES.cluster, KIND_ROLE_LABEL: "worker"}
    )
    try:
        assert look(engine, NAMES).state is ClusterState.FOREIGN
    finally:
        engine.containers.remove([str(theirs.name)])
    assert look(engine, NAMES).state is ClusterState.RUNNING


def test_the_kubeconfig_comes_from_the_control_plane(engine: Engine, containers: list[str], tmp_path: Path) -> None:
    target = tmp_path / "another home" / "kubeconfig"

    def export() -> bool:
        return export_kubeconfig(engine, NAMES.cluster, look(engine, NAMES).containers, target)

    with pytest.raises(ClusterError, match="no kubeconfig to give"):
        export()
    engine.client.api.put_archive(containers[0], "/etc", folder("kubernetes"))
    engine.files.write(containers[0], "/etc/kubernetes/admin.conf", yaml.safe_dump(ADMIN).encode())
    assert export()
    assert not export(), "it is as it was"
    assert target.stat().st_mode & 0o077 == 0
    config = yaml.safe_load(target.read_text())
    port = next(outside for c in look(engine, NAMES).containers for _, outside, inside in c.ports if inside == 6443)
    assert config["clusters"][0]["cluster"] == {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority-data": "Y2E=",
    }
    assert config["users"][0]["user"] == ADMIN["users"][0]["user"]
    assert config["current-context"] == f"kind-{NAMES.cluster}"
    whole = target.read_text()
    for damaged in (b"of another cluster", b"", b"\0" * 99, b"\xff"):
        target.write_bytes(damaged)
        target.chmod(0o644)
        assert export()
        assert target.read_text() == whole
        assert target.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.usefixtures("own_home")
def test_down_leaves_nothing_of_a_cluster_whose_api_does_not_answer(
    engine: Engine, containers: list[str], tmp_path: Path, *, complete: bool
) -> None:
    """One that was complete and is stopped in part, and one whose creation was interrupted."""
    (tmp_path / "devenv.yaml").write_text(f"project: {NAMES.project}\nstacks: [{{name: redis}}]\n")
    if complete:
        record_owner(engine, NAMES, owner_of(tmp_path))
        engine.containers.kill(containers[1:])
    down(DownRequest(tmp_path), silent_session())
    assert not engine.containers.list({KIND_CLUSTER_LABEL: NAMES.cluster})
    assert engine.networks.labels(NAMES.network) is None
    assert not engine.containers.list({LABEL_LOCK: NAMES.lock})


def test_files_that_are_not_there_are_none(engine: Engine, containers: list[str]) -> None:
    assert engine.files.read(containers[0], "/etc/none") is None
    assert engine.files.read("devenv-test-none", "/etc/hosts") is None
    assert engine.files.read(containers[0], "/etc") is None


@pytest.mark.usefixtures("own_home")
def test_what_is_stopped_is_listed_takes_no_memory_and_stays_whose_it_was(
    engine: Engine, containers: list[str], tmp_path: Path
) -> None:
    (tmp_path / "devenv.yaml").write_text(f"project: {NAMES.project}\nstacks: [{{name: redis}}]\n")
    record_owner(engine, NAMES, owner_of(tmp_path))

    def listed() -> EnvironmentRow:
        (row,) = (row for row in list_environments() if row.project == NAMES.project)
        return row

    runs = listed()
    assert (runs.state, runs.nodes, runs.folder, runs.gone) == (ClusterState.RUNNING, 2, str(tmp_path), False)
    assert [port.role for port in runs.ports] == ["api"]
    assert 0 < runs.memory_bytes < 1 << 28

    stopped = stop(tmp_path, silent_session())
    assert (stopped.containers, stopped.seconds < 5) == (len(containers), True)
    assert [container.state for container in look(engine, NAMES).containers] == ["exited", "exited"]
    row = listed()
    assert (row.state, row.ports, row.memory_bytes) == (ClusterState.STOPPED, (), 0)
    assert stop(tmp_path, silent_session()).containers == 0
    with pytest.raises(ClusterError) as refused:
        running_cluster(tmp_path)
    assert (refused.value.message, refused.value.hint) == (f"cluster {NAMES.cluster} is stopped", "devenv start")

    record_owner_of_stopped(engine, containers)
    with pytest.raises(OtherFolderError, match="belongs to /srv/other"):
        stop(tmp_path, silent_session())
    assert listed().folder == OTHER.folder


def record_owner_of_stopped(engine: Engine, containers: list[str]) -> None:
    """Another folder has taken the cluster over: only what runs can be marked."""
    engine.containers.start(containers)
    record_owner(engine, NAMES, OTHER)


@pytest.mark.usefixtures("own_home", "containers")
def test_a_cluster_that_never_was_complete_is_listed_as_broken_and_not_started(tmp_path: Path) -> None:
    (tmp_path / "devenv.yaml").write_text(f"project: {NAMES.project}\nstacks: [{{name: redis}}]\n")
    (row,) = (row for row in list_environments() if row.project == NAMES.project)
    assert row.state is ClusterState.BROKEN
    with pytest.raises(ClusterError, match="is broken") as refused:
        start(StartRequest(tmp_path), silent_session())
    assert refused.value.hint == "devenv up"


@pytest.mark.usefixtures("own_home")
def test_what_is_not_there_is_neither_stopped_nor_started(engine: Engine, tmp_path: Path) -> None:
    assert look(engine, NAMES).state is ClusterState.ABSENT
    (tmp_path / "devenv.yaml").write_text(f"project: {NAMES.project}\nstacks: [{{name: redis}}]\n")
    for command in (lambda: stop(tmp_path, silent_session()), lambda: start(StartRequest(tmp_path), silent_session())):
        with pytest.raises(ClusterError, match="is absent") as refused:
            command()
        assert refused.value.hint == "devenv up"


def test_a_change_of_a_container_is_told(engine: Engine, containers: list[str]) -> None:
    label = {KIND_CLUSTER_LABEL: NAMES.cluster}
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(engine.containers.await_change, label, 60)
        while not told.done():
            engine.client.api.pause(containers[0])
            engine.client.api.unpause(containers[0])
    assert time.monotonic() - began < 30
    began = time.monotonic()
    engine.containers.await_change(label, 1)
    assert time.monotonic() - began < 10
