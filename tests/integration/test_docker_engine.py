from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import time
import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.adapters.docker import Engine
from devenv.adapters.engine.daemon import EngineDaemon
from devenv.adapters.engine.service import SOCKET, is_own_engine
from devenv.adapters.engine.socket import engine_id
from devenv.errors import (
    ChosenEngineError,
    ClusterError,
    CommandFailedError,
    CommandTimeoutError,
    ImageError,
    InterruptedRunError,
    UnfitEngineError,
)
from devenv.events import Event
from devenv.images.build.build import ImageProvider
from devenv.labels import LABEL_MADE_BY, OURS
from devenv.plan.steps import PullImage
from devenv.workflows.access.connect import reach_engine
from devenv.workflows.access.session import silent_session

pytestmark = pytest.mark.engine
RUN = f"test-{uuid.uuid4().hex[:8]}"
LABELS = {**OURS, "devenv.io/test": RUN}


@pytest.fixture(scope="module")
def engine(swept: Engine) -> Engine:
    return swept


def start(engine: Engine, image: str) -> str:
    container = engine.client.containers.run(image, detach=True, init=True, labels=LABELS)
    assert container.name
    return container.name


def make_context(folder: Path, name: str, host: str) -> Path:
    """Write a context as `docker context create` does, which leaves config.json alone; returns its file."""
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    description = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
    (meta / "meta.json").write_text(json.dumps(description))
    return meta / "meta.json"


def test_no_engine_is_told_with_its_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(ChosenEngineError, match=r"DOCKER_HOST=.*no\.sock") as caught:
        Engine.connect()
    assert "No such file" in caught.value.context["cause"]
    assert caught.value.hint.endswith("unset DOCKER_HOST")


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:99999", "tcp://host:port", "tcp://[::1", "tcp://a:1:2", ":", "x"])
def test_an_address_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(ChosenEngineError) as caught:
        Engine.connect()
    assert caught.value.message == f"no container engine answers at DOCKER_HOST={host}"


def test_an_engine_behind_ssh_is_told_to_be_on_another_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@elsewhere.test")
    with pytest.raises(UnfitEngineError, match="on another machine") as caught:
        Engine.connect()
    assert caught.value.context["engine"] == "ssh://me@elsewhere.test, as DOCKER_HOST=ssh://me@elsewhere.test says"
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    make_context(tmp_path, "far", "ssh://me@elsewhere.test")
    with pytest.raises(UnfitEngineError, match="on another machine"):
        Engine.connect()


def test_a_chosen_engine_that_is_silent_is_no_reason_to_install_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    reported: list[Event] = []
    session = replace(silent_session(), emit=reported.append, confirm=lambda _: True)
    with pytest.raises(ChosenEngineError):
        reach_engine(session, agreed=True)
    assert reported == []


def test_an_engine_is_devenvs_own_only_under_its_id(engine: Engine, tmp_path: Path) -> None:
    connected = engine.version().id
    assert connected == engine_id(SOCKET)
    installed = EngineDaemon(tmp_path, SOCKET)
    assert not is_own_engine(connected, daemon=installed), "nothing is recorded"
    (tmp_path / "changes.json").write_text('{"packages": ["docker.io"]}')
    assert is_own_engine(connected, daemon=installed)
    assert not is_own_engine("another", daemon=installed)
    assert not is_own_engine(connected, daemon=EngineDaemon(tmp_path, tmp_path / "no.sock"))


def test_the_current_context_is_used(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "elsewhere"}))
    with pytest.raises(ChosenEngineError, match="does not exist"):
        Engine.connect()
    make_context(tmp_path, "elsewhere", "unix:///no.sock")
    with pytest.raises(ChosenEngineError, match="context elsewhere"):
        Engine.connect()
    assert engine.version().version


@pytest.mark.parametrize("described", ["{}", "[]", "{", '{"Endpoints": {"docker": 1}}'])
def test_a_context_that_describes_no_engine_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, described: str
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONTEXT", "odd")
    make_context(tmp_path, "odd", "").write_text(described)
    with pytest.raises(ChosenEngineError, match="cannot be read"):
        Engine.connect()


def test_contexts_are_where_the_docker_command_line_has_them(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, own_home: Path, tmp_path: Path
) -> None:
    """`docker context create` writes no config.json, and a home folder's does not count where DOCKER_CONFIG is set."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONTEXT", "mine")
    with pytest.raises(ChosenEngineError, match="mine does not exist"):
        Engine.connect()
    make_context(own_home / ".docker", "mine", f"unix://{SOCKET}")
    with closing(Engine.connect()) as found:
        assert found.version().id == engine.version().id

    monkeypatch.delenv("DOCKER_CONTEXT")
    (own_home / ".docker" / "config.json").write_text(json.dumps({"currentContext": "gone"}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "other"))
    with closing(Engine.connect()) as found:
        assert found.version().id == engine.version().id


def test_version_tells_what_choices_depend_on(engine: Engine) -> None:
    version = engine.version()
    assert version.os == "linux"
    assert version.cgroup in {"1", "2"}
    assert version.storage_driver


def test_images_are_found_under_every_spelling_of_their_name(engine: Engine, tiny: str) -> None:
    engine.images.tag(tiny, f"devenv-test-{RUN}:1")
    names = [tiny, f"devenv-test-{RUN}:1", f"docker.io/library/devenv-test-{RUN}:1", "devenv-test-none:1"]
    found = engine.images.ids(names)
    assert set(found) == set(names[:3])
    assert len(set(found.values())) == 1
    engine.images.remove([f"devenv-test-{RUN}:1", "devenv-test-none:1"])
    assert set(engine.images.ids(names)) == {tiny}
    assert engine.images.size(tiny) > 1_000_000
    with pytest.raises(ImageError, match="devenv-test-none"):
        engine.images.inspect("devenv-test-none:1")


def test_labels_tell_what_devenv_made(engine: Engine, tiny: str) -> None:
    assert engine.images.inspect(tiny)["Config"]["Labels"][LABEL_MADE_BY] == "devenv"
    assert any(tiny in image.references for image in engine.images.list(OURS))


def test_a_damaged_tar_is_no_image(engine: Engine) -> None:
    reference = f"localhost/devenv-test/damaged:{RUN}"
    with pytest.raises(ImageError):
        engine.images.import_tar([b"this is no tar" * 100], reference)
    assert not engine.images.ids([reference])


def test_exec_streams_in_and_tells_the_status(engine: Engine, tiny: str) -> None:
    name = start(engine, tiny)
    done = engine.containers.exec(name, ["cat"], (b"x" * 100_000 for _ in range(30)))
    assert len(done.stdout) == 3_000_000
    assert engine.containers.exec(name, ["sh", "-c", "echo out; echo err >&2"]).stderr == "err\n"
    with pytest.raises(CommandFailedError) as failed:
        engine.containers.exec(name, ["sh", "-c", "echo told; exit 7"])
    assert (failed.value.status, failed.value.output) == (7, "told")
    assert engine.containers.exec(name, ["sh", "-c", "exit 7"], check=False).status == 7
    with pytest.raises(CommandFailedError):
        engine.containers.exec(name, ["sh", "-c", "exit 7"], iter([b"x"] * 100))
    with pytest.raises(CommandTimeoutError):
        engine.containers.exec(name, ["sleep", "60"], timeout=0.5)
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(InterruptedRunError):
        engine.containers.exec(name, ["sleep", "60"], cancel=cancel)
    assert time.monotonic() - began < 5
    with pytest.raises(CommandFailedError, match="no-such-container"):
        engine.containers.exec("no-such-container", ["true"])


def test_containers_networks_and_volumes_come_and_go(engine: Engine, tiny: str) -> None:
    network = f"devenv-test-{RUN}"
    engine.networks.create(network, LABELS)
    engine.networks.create(network, LABELS)
    assert engine.networks.labels(network) == LABELS
    assert engine.networks.labels(f"{network}-none") is None
    volume = engine.client.volumes.create(f"devenv-test-{RUN}", labels=LABELS).name
    assert engine.volumes.list({"devenv.io/test": RUN}) == [volume]
    labels = {**LABELS, "devenv.io/role": "networked"}
    engine.client.containers.run(
        tiny, detach=True, init=True, labels=labels, network=network, ports={"80/tcp": ("127.0.0.1", 0)}
    )
    (found,) = engine.containers.list({"devenv.io/role": "networked", "devenv.io/test": ""})
    inherited = {"devenv.io/image": tiny}
    assert (found.state, list(found.networks), found.labels) == ("running", [network], labels | inherited)
    ((address, host_port, container_port),) = found.ports
    assert (address, container_port) == ("127.0.0.1", 80)
    assert host_port > 0
    engine.client.api.stop(found.id, timeout=1)
    assert engine.containers.list(labels)[0].state == "exited"
    for _ in range(2):  # a network that was pruned meanwhile, and one that is there
        engine.networks.remove(network)
        engine.networks.create(network, LABELS)
        engine.networks.attach(network, [found.name])
    engine.containers.start([found.name])
    (again,) = engine.containers.list(labels)
    assert (again.state, list(again.networks)) == ("running", [network])
    for _ in range(2):  # one that runs, and one that does not
        engine.containers.kill([found.name, "no-such-container"])
    engine.networks.detach(network, [found.name])
    engine.networks.remove(network)
    (ended,) = engine.containers.list(labels)
    assert (ended.state, list(ended.networks)) == ("exited", [])
    with pytest.raises(ClusterError, match=f"detach container {found.name} from network {network}"):
        engine.networks.detach(network, [found.name])
    engine.networks.create(network, LABELS)
    engine.containers.remove([found.name, "no-such-container"])
    assert not engine.containers.list(labels)
    for _ in range(2):
        engine.networks.remove(network)
        engine.volumes.remove([volume])
    assert engine.networks.labels(network) is None
    assert not engine.volumes.list({"devenv.io/test": RUN})


def test_save_streams_the_archive_of_several_images(engine: Engine, tiny: str) -> None:
    other = f"localhost/devenv-test/other:{RUN}"
    engine.images.tag(tiny, other)
    with tarfile.open(fileobj=io.BytesIO(b"".join(engine.images.save([tiny, other])))) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest
        assert sorted(json.load(manifest)[0]["RepoTags"]) == sorted([tiny, other])
    with (
        pytest.raises(ImageError, match="save"),
        closing(engine.images.save(["localhost/devenv-test/none:1"])) as nothing,
    ):
        next(nothing)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(InterruptedRunError), closing(engine.images.save([tiny], cancel)) as stopped:
        next(stopped)
    with closing(engine.images.save([tiny])) as left:
        next(left)
    assert list(left) == []


def test_a_pull_from_a_dead_registry_names_it(engine: Engine) -> None:
    with pytest.raises(ImageError, match="localhost:1/nothing"):
        engine.images.pull("localhost:1/nothing/here:1")


def test_a_failed_pull_is_told_by_the_provider(engine: Engine, tmp_path: Path) -> None:
    step = PullImage("x", f"localhost:1/none/such:1@sha256:{'0' * 64}")
    with pytest.raises(ImageError, match="pull image localhost:1/none/such@sha256"):
        ImageProvider(engine, tmp_path).provide(step)


def test_pruning_keeps_what_it_may_keep(engine: Engine) -> None:
    assert engine.builds.prune_cache(10**14) == 0
