"""Images built through both builders, and what a provider makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from support.programs import missing
from support.waiting import await_true

from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.docker.builds import client_with_buildkit
from devenv.adapters.tools.toolchain import Toolchain
from devenv.errors import ImageError, InterruptedRunError, ToolMissingError
from devenv.images.build.build import ImageProvider, Listener
from devenv.images.catalogue.catalogue import Catalogue, hashing
from devenv.images.content.fingerprint import FileDigests
from devenv.labels import OURS
from devenv.plan.image import Image, Recipe
from devenv.plan.steps import BuildImage
from devenv.spec.catalogue import load_versions
from devenv.spec.local_image import LocalImage

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
engine.builds.run(BuildRequest(reference, Path(dockerfile), Path(context)), told)
"""
RUN = f"test-{uuid.uuid4().hex[:8]}"
LABELS = {**OURS, "devenv.io/test": RUN}


@pytest.fixture(scope="module")
def engine(swept: Engine) -> Engine:
    return swept


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
    assert not engine.images.ids([reference])
    return BuildRequest(reference, context / "Dockerfile", context, labels=LABELS, **more)  # type: ignore[arg-type]


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
    building.builds.run(request, lines.append)
    assert any("COPY hello" in line for line in lines)
    config = building.images.inspect(request.reference)["Config"]
    assert config["Labels"] == request.all_labels
    target = context.parent / "out" / "hello"
    building.files.copy_out(request.reference, "/data/hello", target)
    assert target.read_text() == "hello\n"
    assert os.access(target, os.X_OK)
    for path, content in (("/copied", "certificates"), ("/what", "this\n")):
        building.files.copy_out(request.reference, path, target)
        assert target.read_text() == content
    with pytest.raises(ImageError):
        building.files.copy_out(request.reference, "/data", target)
    with pytest.raises(ImageError):
        building.files.copy_out(request.reference, "/nowhere", target)


@pytest.mark.parametrize("network", ["default", "none", "host"])
def test_builds_reach_the_network_that_is_asked_for(building: Engine, context: Path, tiny: str, network: str) -> None:
    dockerfile = f"FROM {tiny}\nRUN echo {uuid.uuid4()}; cat /proc/net/dev > /devices\n"
    request = request_for(building, context, dockerfile, network=network)
    building.builds.run(request)
    target = context.parent / "devices"
    building.files.copy_out(request.reference, "/devices", target)
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
        ImageProvider(building, context).provide(step)
    assert "RUN echo about to fail" in caught.value.context["step"]
    assert "about to fail" in caught.value.context["last lines"]
    assert not building.images.ids([request.reference])


def test_a_build_from_a_missing_base_says_so(building: Engine, context: Path) -> None:
    request = request_for(building, context, "FROM localhost:1/none/such:1\n")
    step = BuildImage("orphan", request.reference, request.dockerfile, context)
    with pytest.raises(ImageError) as caught:
        ImageProvider(building, context).provide(step)
    assert "localhost:1/none/such" in caught.value.context["step"]


def test_a_build_from_an_image_that_cannot_be_fetched_names_the_one_in_its_place(
    building: Engine, context: Path
) -> None:
    """As it is where no registry can be reached; a tag that Docker Hub does not have is the same elsewhere."""
    request = request_for(building, context, "FROM golang:1.26-no-such-tag\n")
    step = BuildImage("api", request.reference, request.dockerfile, context)
    with pytest.raises(ImageError) as caught:
        ImageProvider(building, context, versions=load_versions()).provide(step)
    assert "images: {api: {bases: {GOLANG: golang}}}" in caught.value.hint
    assert "FROM ${GOLANG}" in caught.value.hint


def test_a_build_stops_when_told(building: Engine, context: Path, tiny: str) -> None:
    request = request_for(building, context, f"FROM {tiny}\nRUN echo {uuid.uuid4()}; sleep 300\n")
    cancel = threading.Event()

    def reported(line: str) -> None:
        if "RUN echo" in line:
            threading.Timer(0.5, cancel.set).start()

    began = time.monotonic()
    with pytest.raises(InterruptedRunError):
        building.builds.run(request, reported, cancel)
    assert time.monotonic() - began < 20
    with pytest.raises(InterruptedRunError):
        building.builds.run(request, None, cancel)


def test_a_build_ends_when_devenv_is_killed(building: Engine, context: Path, tiny: str) -> None:
    request = request_for(building, context, f"FROM {tiny}\nRUN echo {uuid.uuid4()}; sleep 300\n")
    buildx = str(building.builds.buildx or "")
    argv = [sys.executable, "-c", _BUILDING, str(request.dockerfile), str(context), request.reference, buildx]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        assert processes_naming(request.reference)
        process.kill()

    await_true(lambda: not processes_naming(request.reference))


def test_a_provider_makes_an_image_once_and_tells_progress(building: Engine, context: Path, tiny: str) -> None:
    request = request_for(building, context, f"FROM {tiny}\nRUN echo {uuid.uuid4()}\n")
    step = BuildImage("once", request.reference, request.dockerfile, context)
    provider = ImageProvider(building, context)
    reported: list[str] = []
    details: list[str] = []

    def work() -> None:
        details.append(provider.provide(step, Listener(progress=reported.append)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert details.count("there already") == 2
    assert any(message.startswith("[2/2] echo") for message in reported), reported
    building.images.remove([request.reference])


def catalogue_of(context: Path) -> Catalogue:
    image = LocalImage(context=context.name)
    return Catalogue(load_versions(), context.parent, hashing(FileDigests()), {"api": image}, context.parent)


@pytest.mark.parametrize("when", ["before", "during"])
def test_a_file_that_is_saved_after_the_tag_was_made_never_gets_into_an_image_of_that_tag(
    building: Engine, context: Path, tiny: str, when: str
) -> None:
    (context / "Dockerfile").write_text(f"FROM {tiny}\nRUN echo {uuid.uuid4()}\nCOPY hello /\n")
    api = catalogue_of(context)["api"]
    reference = str(api.own)
    step = BuildImage("api", reference, context / "Dockerfile", context, content=api.content)
    provider = ImageProvider(
        building, context, is_as_described=lambda step: catalogue_of(context)["api"].content == step.content
    )
    before = {image.id for image in building.images.list()}

    def save(_: str = "") -> None:
        (context / "hello").write_text("saved\n")

    if when == "before":
        save()
    with pytest.raises(ImageError, match="the files of image api changed after its tag was made of them") as caught:
        provider.provide(step, Listener(output=save))
    assert ("while it was built" in caught.value.context) is (when == "during")
    assert not building.images.ids([reference])
    assert {image.id for image in building.images.list()} <= before


def built_by(command: str, context: Path, **more: object) -> LocalImage:
    return LocalImage.model_validate({"context": context.name, "command": command, **more})


def by_command(engine: Engine, image: LocalImage, context: Path, output: Callable[[str], None] = print) -> str:
    """Build an image by its command; returns its reference."""

    def described() -> Image:
        return Catalogue(load_versions(), context.parent, hashing(FileDigests()), {"api": image}, context.parent)["api"]

    seen = described()
    recipe = seen.origin
    assert isinstance(recipe, Recipe)
    step = BuildImage("api", str(seen.own), recipe.dockerfile, recipe.context, content=seen.content, host=recipe.host)
    provider = ImageProvider(engine, context, is_as_described=lambda step: described().content == step.content)
    provider.provide(step, Listener(output=output))
    return step.reference


def test_a_command_of_this_machine_builds_an_image(swept: Engine, context: Path, tiny: str) -> None:
    told: list[str] = []
    say = 'echo "$PUSH_IMAGE $PLATFORMS $(cat hello)"; [ "$PWD" = "$BUILD_CONTEXT" ] && echo here'
    reference = by_command(swept, built_by(f'{say}; docker tag {tiny} "$IMAGE"', context), context, told.append)

    try:
        version = swept.version()
        hello = (context / "hello").read_text().strip()
        assert told == [f"false {version.os}/{version.arch} {hello}", "here"]
        assert swept.images.ids([reference]) == {reference: swept.images.ids([tiny])[tiny]}
        assert not swept.images.ids([f"{reference}-draft"])
    finally:
        swept.images.remove([reference])


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("echo no >&2; exit 3", "build image api failed"),
        ("true", "the engine has no image of the name that it was given"),
        ('docker tag {tiny} "$IMAGE"; echo saved > hello', "changed after its tag was made of them"),
    ],
)
def test_a_command_that_builds_nothing_that_can_be_used_leaves_no_image(
    swept: Engine, context: Path, tiny: str, command: str, message: str
) -> None:
    image = built_by(command.format(tiny=tiny), context)
    with pytest.raises(ImageError, match=message):
        by_command(swept, image, context)
    assert swept.images.ids([tiny])
    assert not [name for each in swept.images.list() for name in each.references if name.endswith("-draft")]


def test_what_a_command_writes_beside_its_deps_changes_nothing(swept: Engine, context: Path, tiny: str) -> None:
    image = built_by(f'echo made > made; docker tag {tiny} "$IMAGE"', context, deps=["hello"])
    reference = by_command(swept, image, context)
    assert swept.images.ids([reference])
    swept.images.remove([reference])


def test_a_build_that_is_killed_before_its_name_is_confirmed_leaves_none(
    building: Engine, context: Path, tiny: str
) -> None:
    request = request_for(building, context, f"FROM {tiny}\nRUN echo {uuid.uuid4()}\n")
    named: list[bool] = []
    building.builds.run(request, confirm=lambda: named.append(bool(building.images.ids([request.reference]))))
    assert named == [False]
    assert building.images.ids([request.reference])


def test_a_proxy_among_a_builds_arguments_stands_in_no_list_of_processes(
    building: Engine, context: Path, tiny: str
) -> None:
    secret = uuid.uuid4().hex
    request = request_for(building, context, f"FROM {tiny}\nARG HTTPS_PROXY\nRUN echo $HTTPS_PROXY > /proxy\n")
    step = BuildImage(
        "api",
        request.reference,
        request.dockerfile,
        context,
        args=(("HTTPS_PROXY", f"http://me:{secret}@127.0.0.1:9"),),
    )
    seen: list[str] = []
    ImageProvider(building, context).provide(step, Listener(output=lambda _: seen.extend(processes_naming(secret))))
    assert not seen
    target = context.parent / "proxy"
    building.files.copy_out(request.reference, "/proxy", target)
    assert secret in target.read_text()
