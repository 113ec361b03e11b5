from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.programs import missing
from support.tiny_image import tiny_root
from support.waiting import await_true

from devenv.adapters.docker import MADE_BY, OURS, BuildRequest, Engine
from devenv.adapters.docker.builds import client_with_buildkit
from devenv.adapters.engine_daemon import EngineDaemon
from devenv.adapters.engine_service import SOCKET, is_own_engine
from devenv.adapters.engine_socket import engine_id
from devenv.adapters.toolchain import Toolchain
from devenv.errors import (
    ChosenEngineError,
    CommandFailedError,
    CommandTimeoutError,
    EngineUnavailableError,
    ImageError,
    InterruptedRunError,
    ToolMissingError,
)
from devenv.events import Event
from devenv.images.build import ImageWorkshop, Listener
from devenv.plan.steps import BuildImage, PullImage
from devenv.spec.catalogue import load_versions
from devenv.workflows.connect import reach_engine
from devenv.workflows.session import silent_session

pytestmark = pytest.mark.engine
_BUILDING = """
import sys
from pathlib import Path
from devenv.adapters.docker import BuildRequest, Engine
dockerfile, context, reference, buildx = sys.argv[1:]
def told(line):
    if "RUN echo" in line:
        print("begun", flush=True)
engine = Engine.connect(Path(buildx) if buildx else None)
engine.build(BuildRequest(reference, Path(dockerfile), Path(context)), told)
"""
RUN = f"test-{uuid.uuid4().hex[:8]}"
LABELS = {**OURS, "devenv.io/test": RUN}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        engine = Engine.connect()
    except EngineUnavailableError as error:
        missing(error.message)
    yield engine
    engine.remove_containers(c.name for c in engine.containers({"devenv.io/test": RUN}))
    engine.remove_images(engine.images_with({"devenv.io/test": RUN}))
    engine.close()


def processes_naming(word: str) -> list[str]:
    """What runs with a word among its arguments."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if word in command:
            found.append(command)
    return found


@pytest.fixture(scope="module")
def tiny(engine: Engine) -> str:
    reference = f"localhost/devenv-test/tiny:{RUN}"
    engine.import_tar(tiny_root(), reference, ['CMD ["sleep", "600"]'], LABELS)
    return reference


@pytest.fixture(params=["client", "buildx"])
def building(engine: Engine, request: pytest.FixtureRequest) -> Engine:
    """The engine with each of the two ways to build."""
    if request.param == "buildx":
        found = Toolchain(load_versions().tools).locate("buildx")
        if found.path is None:
            missing("buildx is not on this machine yet")
        return Engine(engine.client, found.path)
    try:
        client_with_buildkit()
    except ToolMissingError as error:
        missing(error.message)
    return Engine(engine.client)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "hello").write_text("hello\n")
    (folder / "hello").chmod(0o755)
    return folder


def request_for(engine: Engine, context: Path, dockerfile: str, **more: object) -> BuildRequest:
    (context / "Dockerfile").write_text(dockerfile)
    reference = f"localhost/devenv-test/{uuid.uuid4().hex[:8]}:{RUN}"
    assert not engine.image_ids([reference])
    return BuildRequest(reference, context / "Dockerfile", context, labels=LABELS, **more)  # type: ignore[arg-type]


def start(engine: Engine, image: str) -> str:
    container = engine.client.containers.run(image, detach=True, init=True, labels=LABELS)
    assert container.name
    return container.name


def test_no_engine_is_told_with_its_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(ChosenEngineError, match=r"DOCKER_HOST=.*no\.sock") as caught:
        Engine.connect()
    assert "No such file" in caught.value.context["cause"]
    assert caught.value.hint.endswith("unset DOCKER_HOST")


def test_a_chosen_engine_that_is_silent_is_no_reason_to_install_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    told: list[Event] = []
    session = replace(silent_session(), emit=told.append, confirm=lambda _: True)
    with pytest.raises(ChosenEngineError):
        reach_engine(session, agreed=True)
    assert told == []


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
    meta = tmp_path / "contexts" / "meta" / hashlib.sha256(b"elsewhere").hexdigest()
    meta.mkdir(parents=True)
    description = {"Name": "elsewhere", "Metadata": {}, "Endpoints": {"docker": {"Host": "unix:///no.sock"}}}
    (meta / "meta.json").write_text(json.dumps(description))
    with pytest.raises(ChosenEngineError, match="context elsewhere"):
        Engine.connect()
    assert engine.version().version


def test_version_tells_what_choices_depend_on(engine: Engine) -> None:
    version = engine.version()
    assert version.os == "linux"
    assert version.cgroup in {"1", "2"}
    assert version.storage_driver


def test_images_are_found_under_every_spelling_of_their_name(engine: Engine, tiny: str) -> None:
    engine.tag(tiny, f"devenv-test-{RUN}:1")
    names = [tiny, f"devenv-test-{RUN}:1", f"docker.io/library/devenv-test-{RUN}:1", "devenv-test-none:1"]
    found = engine.image_ids(names)
    assert set(found) == set(names[:3])
    assert len(set(found.values())) == 1
    engine.remove_images([f"devenv-test-{RUN}:1", "devenv-test-none:1"])
    assert set(engine.image_ids(names)) == {tiny}
    assert engine.image_size(tiny) > 1_000_000
    with pytest.raises(ImageError, match="devenv-test-none"):
        engine.inspect_image("devenv-test-none:1")


def test_labels_tell_what_devenv_made(engine: Engine, tiny: str) -> None:
    assert engine.inspect_image(tiny)["Config"]["Labels"][MADE_BY] == "devenv"
    assert any(tiny in names for names in engine.images_with(OURS).values())


def test_a_damaged_tar_is_no_image(engine: Engine) -> None:
    reference = f"localhost/devenv-test/damaged:{RUN}"
    with pytest.raises(ImageError):
        engine.import_tar([b"this is no tar" * 100], reference)
    assert not engine.image_ids([reference])


def test_exec_streams_in_and_tells_the_status(engine: Engine, tiny: str) -> None:
    name = start(engine, tiny)
    done = engine.exec(name, ["cat"], (b"x" * 100_000 for _ in range(30)))
    assert len(done.stdout) == 3_000_000
    assert engine.exec(name, ["sh", "-c", "echo out; echo err >&2"]).stderr == "err\n"
    with pytest.raises(CommandFailedError) as failed:
        engine.exec(name, ["sh", "-c", "echo told; exit 7"])
    assert (failed.value.status, failed.value.output) == (7, "told")
    assert engine.exec(name, ["sh", "-c", "exit 7"], check=False).status == 7
    with pytest.raises(CommandFailedError):
        engine.exec(name, ["sh", "-c", "exit 7"], iter([b"x"] * 100))
    with pytest.raises(CommandTimeoutError):
        engine.exec(name, ["sleep", "60"], timeout=0.5)
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(InterruptedRunError):
        engine.exec(name, ["sleep", "60"], cancel=cancel)
    assert time.monotonic() - began < 5
    with pytest.raises(CommandFailedError, match="no-such-container"):
        engine.exec("no-such-container", ["true"])


def test_containers_networks_and_volumes_come_and_go(engine: Engine, tiny: str) -> None:
    network = f"devenv-test-{RUN}"
    engine.network_create(network, LABELS)
    engine.network_create(network, LABELS)
    assert engine.network(network) == LABELS
    assert engine.network(f"{network}-none") is None
    volume = engine.client.volumes.create(f"devenv-test-{RUN}", labels=LABELS).name
    assert engine.volumes({"devenv.io/test": RUN}) == [volume]
    labels = {**LABELS, "devenv.io/role": "networked"}
    engine.client.containers.run(
        tiny, detach=True, init=True, labels=labels, network=network, ports={"80/tcp": ("127.0.0.1", 0)}
    )
    (found,) = engine.containers({"devenv.io/role": "networked", "devenv.io/test": ""})
    assert (found.state, list(found.networks), found.labels) == ("running", [network], labels)
    ((address, host_port, container_port),) = found.ports
    assert (address, container_port) == ("127.0.0.1", 80)
    assert host_port > 0
    engine.client.api.stop(found.id, timeout=1)
    assert engine.containers(labels)[0].state == "exited"
    engine.start([found.name])
    assert engine.containers(labels)[0].state == "running"
    engine.remove_containers([found.name, "no-such-container"])
    assert not engine.containers(labels)
    for _ in range(2):
        engine.network_remove(network)
        engine.remove_volumes([volume])
    assert engine.network(network) is None
    assert not engine.volumes({"devenv.io/test": RUN})


def test_save_streams_the_archive_of_several_images(engine: Engine, tiny: str) -> None:
    other = f"localhost/devenv-test/other:{RUN}"
    engine.tag(tiny, other)
    with tarfile.open(fileobj=io.BytesIO(b"".join(engine.save([tiny, other])))) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest
        assert sorted(json.load(manifest)[0]["RepoTags"]) == sorted([tiny, other])
    with pytest.raises(ImageError, match="save"), closing(engine.save(["localhost/devenv-test/none:1"])) as nothing:
        next(nothing)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(InterruptedRunError), closing(engine.save([tiny], cancel)) as stopped:
        next(stopped)
    with closing(engine.save([tiny])) as left:
        next(left)
    assert list(left) == []


def test_a_pull_from_a_dead_registry_names_it(engine: Engine) -> None:
    with pytest.raises(ImageError, match="localhost:1/nothing"):
        engine.pull("localhost:1/nothing/here:1")


def test_builds_use_arguments_targets_labels_and_secrets(building: Engine, context: Path, tiny: str) -> None:
    secret = context.parent / "secret"
    secret.write_text("certificates")
    request = request_for(
        building,
        context,
        "ARG BASE\nFROM ${BASE} AS one\nARG WHAT\nCOPY hello /data/hello\n"
        'RUN --mount=type=secret,id=ca,target=/ca ["sh", "-c", "cat /ca > /copied; echo $WHAT > /what"]\n'
        "FROM one AS two\nRUN exit 1\n",
        target="one",
        args={"BASE": tiny, "WHAT": "this"},
        secrets={"ca": secret},
    )
    lines: list[str] = []
    building.build(request, lines.append)
    assert any("COPY hello" in line for line in lines)
    config = building.inspect_image(request.reference)["Config"]
    assert config["Labels"] == LABELS
    target = context.parent / "out" / "hello"
    building.copy_out(request.reference, "/data/hello", target)
    assert target.read_text() == "hello\n"
    assert os.access(target, os.X_OK)
    for path, content in (("/copied", "certificates"), ("/what", "this\n")):
        building.copy_out(request.reference, path, target)
        assert target.read_text() == content
    with pytest.raises(ImageError):
        building.copy_out(request.reference, "/data", target)
    with pytest.raises(ImageError):
        building.copy_out(request.reference, "/nowhere", target)


@pytest.mark.parametrize("network", ["default", "none", "host"])
def test_builds_reach_the_network_that_is_asked_for(building: Engine, context: Path, tiny: str, network: str) -> None:
    dockerfile = f"FROM {tiny}\nRUN echo {uuid.uuid4()}; cat /proc/net/dev > /devices\n"
    request = request_for(building, context, dockerfile, network=network)
    building.build(request)
    target = context.parent / "devices"
    building.copy_out(request.reference, "/devices", target)
    expected = {"default": {"lo", "eth0"}, "none": {"lo"}, "host": devices(Path("/proc/net/dev"))}
    assert devices(target) == expected[network]


def devices(file: Path) -> set[str]:
    """Network devices without those that the kernel gives every network, and without what comes and goes."""
    names = {line.partition(":")[0].strip() for line in file.read_text().splitlines()[2:]}
    return {name for name in names if not name.startswith(("veth", "br-", "sit", "tunl", "ip6tnl", "erspan", "gre"))}


def test_a_failed_build_names_the_step_and_its_last_lines(building: Engine, context: Path, tiny: str) -> None:
    request = request_for(building, context, f"FROM {tiny}\nRUN echo about to fail >&2; exit 3\n")
    step = BuildImage("broken", request.reference, request.dockerfile, context)
    with pytest.raises(ImageError, match="build image broken failed") as caught:
        ImageWorkshop(building, context).provide(step)
    assert "RUN echo about to fail" in caught.value.context["step"]
    assert "about to fail" in caught.value.context["last lines"]
    assert not building.image_ids([request.reference])


def test_a_build_from_a_missing_base_says_so(building: Engine, context: Path) -> None:
    request = request_for(building, context, "FROM localhost:1/none/such:1\n")
    step = BuildImage("orphan", request.reference, request.dockerfile, context)
    with pytest.raises(ImageError) as caught:
        ImageWorkshop(building, context).provide(step)
    assert "localhost:1/none/such" in caught.value.context["step"]


def test_a_build_from_an_image_that_cannot_be_fetched_names_the_one_in_its_place(
    building: Engine, context: Path
) -> None:
    """As it is where no registry can be reached; a tag that Docker Hub does not have is the same elsewhere."""
    request = request_for(building, context, "FROM golang:1.26-no-such-tag\n")
    step = BuildImage("api", request.reference, request.dockerfile, context)
    with pytest.raises(ImageError) as caught:
        ImageWorkshop(building, context, versions=load_versions()).provide(step)
    assert "images: {api: {bases: {GOLANG: golang}}}" in caught.value.hint
    assert "FROM ${GOLANG}" in caught.value.hint


def test_a_build_stops_when_told(building: Engine, context: Path, tiny: str) -> None:
    request = request_for(building, context, f"FROM {tiny}\nRUN echo {uuid.uuid4()}; sleep 300\n")
    cancel = threading.Event()

    def told(line: str) -> None:
        if "RUN echo" in line:
            threading.Timer(0.5, cancel.set).start()

    began = time.monotonic()
    with pytest.raises(InterruptedRunError):
        building.build(request, told, cancel)
    assert time.monotonic() - began < 20
    with pytest.raises(InterruptedRunError):
        building.build(request, None, cancel)


def test_a_build_ends_when_devenv_is_killed(building: Engine, context: Path, tiny: str) -> None:
    request = request_for(building, context, f"FROM {tiny}\nRUN echo {uuid.uuid4()}; sleep 300\n")
    buildx = str(building.buildx or "")
    argv = [sys.executable, "-c", _BUILDING, str(request.dockerfile), str(context), request.reference, buildx]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        assert processes_naming(request.reference)
        process.kill()

    await_true(lambda: not processes_naming(request.reference))


def test_a_workshop_makes_an_image_once_and_tells_progress(building: Engine, context: Path, tiny: str) -> None:
    request = request_for(building, context, f"FROM {tiny}\nRUN echo {uuid.uuid4()}\n")
    step = BuildImage("once", request.reference, request.dockerfile, context)
    workshop = ImageWorkshop(building, context)
    told: list[str] = []
    details: list[str] = []

    def work() -> None:
        details.append(workshop.provide(step, Listener(progress=told.append)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert details.count("there already") == 2
    assert any(message.startswith("[2/2] echo") for message in told), told
    building.remove_images([request.reference])


def test_a_failed_pull_is_told_by_the_workshop(engine: Engine, tmp_path: Path) -> None:
    step = PullImage("x", f"localhost:1/none/such:1@sha256:{'0' * 64}")
    with pytest.raises(ImageError, match="pull image localhost:1/none/such@sha256"):
        ImageWorkshop(engine, tmp_path).provide(step)


def test_pruning_keeps_what_it_may_keep(engine: Engine) -> None:
    assert engine.prune_build_cache(10**14) == 0
