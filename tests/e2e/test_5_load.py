"""Loading images into real nodes, counted in bytes: containers of the node image, running containerd."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.nodes import LABELS, RUN, read_content, start_node
from support.programs import missing, require_program
from support.pushing import digest, docker_archive

from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.files.paths import host_state_dir
from devenv.errors import DiskFullError, ImageError, InterruptedRunError
from devenv.images.formats.engine_image import EngineImage
from devenv.images.load.loader import load
from devenv.images.load.session import LoadSession
from devenv.images.load.strategy import Transport
from devenv.images.load.transfer import Offer, Order, open_streams, pushing, transfer
from devenv.images.nodes.content import NodeContent, names_on_nodes
from devenv.images.nodes.identity import image_digests, index_parts
from devenv.images.push.address import PORTS
from devenv.images.push.warm_up import warm_up
from devenv.labels import LABEL_RELAY
from devenv.spec.image_reference import normalise

pytestmark = [pytest.mark.e2e, pytest.mark.engine]
MIB = 1 << 20
both_transports = pytest.mark.parametrize("transport", list(Transport))
FILE_NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
OVERHEAD = 64 << 10
"""A layer's tar is a little larger than the file in it."""


@pytest.fixture(scope="module")
def nodes(engine: Engine, node_image: str) -> list[str]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda _: start_node(engine, node_image), range(2)))


class Images:
    """Makes images out of random files, one layer for each."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder

    def make(self, *layers: bytes, base: str = "scratch", reference: str = "") -> str:
        context = self._folder / uuid.uuid4().hex
        context.mkdir()
        lines = [f"FROM {base}"]
        for number, content in enumerate(layers):
            name = f"file-{uuid.uuid4().hex}"
            (context / name).write_bytes(content)
            lines.append(f"COPY {name} /{number}")
        (context / "Dockerfile").write_text("\n".join(lines) + '\nCMD ["/nothing"]\n')
        reference = reference or f"localhost/devenv-test/{uuid.uuid4().hex[:8]}:{RUN}"
        self._engine.builds.run(BuildRequest(reference, context / "Dockerfile", context, labels=LABELS))
        return reference


@pytest.fixture
def images(engine: Engine, tmp_path: Path) -> Images:
    return Images(engine, tmp_path)


def assert_whole(engine: Engine, reference: str, nodes: list[str]) -> None:
    """Each node holds exactly the engine's image, with all of its content, ready to run."""
    found = engine.images.inspect(reference)
    name = normalise(reference)
    for node in nodes:
        content = read_content(engine, node, name)
        assert found["Id"] in content.image_ids
        assert set(found["RootFS"]["Layers"]) <= content.blobs
        checked = engine.containers.exec(node, ["ctr", "-n=k8s.io", "images", "check", f'name=="{name}"']).stdout
        assert "complete" in checked, checked
        assert "true" in checked, f"not unpacked: {checked}"


def close_to(sent: int, expected: int) -> bool:
    return expected <= sent <= expected + OVERHEAD


def test_an_image_that_kind_loaded_is_known_by_the_index_around_it(
    engine: Engine, nodes: list[str], images: Images
) -> None:
    reference = images.make(os.urandom(MIB))
    name, before = normalise(reference), names_on_nodes(engine, nodes[:1])[nodes[0]]
    take = ["ctr", "--namespace=k8s.io", "images", "import", "--all-platforms", "--digests", "-"]
    engine.containers.exec(
        nodes[0], take, engine.images.save([reference]), timeout=60
    )  # as `kind load docker-image` does
    after = names_on_nodes(engine, nodes[:1])[nodes[0]]
    (second,) = (new for new in after - before if new.startswith("import-"))
    held = image_digests(engine, nodes[0], [name])[name]
    index = second.partition("@")[2]
    assert engine.images.inspect(reference)["Id"] in held
    assert index not in held
    assert index_parts(engine, nodes[0], index) & held
    assert index_parts(engine, nodes[0], digest(b"not there")) == frozenset()
    assert load(engine, reference, nodes[:1]).unchanged == (nodes[0],)


@both_transports
def test_only_missing_layers_travel(engine: Engine, nodes: list[str], images: Images, transport: Transport) -> None:
    base = images.make(os.urandom(8 * MIB), os.urandom(MIB))
    first = load(engine, base, nodes[:1], transports=[transport])
    assert close_to(first.sent_bytes, 9 * MIB)
    assert first.sent_layers == 2
    assert_whole(engine, base, nodes[:1])

    again = load(engine, base, nodes[:1], transports=[transport])
    assert (again.sent_bytes, again.unchanged, again.transport) == (0, (nodes[0],), None)

    changed = images.make(os.urandom(2 * MIB), base=base)
    delta = load(engine, changed, nodes[:1], transports=[transport])
    assert close_to(delta.sent_bytes, 2 * MIB)
    assert_whole(engine, changed, nodes[:1])

    both = load(engine, changed, nodes, transports=[transport])
    assert {first.transport, delta.transport, both.transport} == {transport}
    assert close_to(both.sent_bytes, 11 * MIB)
    assert both.unchanged == (nodes[0],)
    assert_whole(engine, changed, nodes)
    held = names_on_nodes(engine, nodes)
    assert all(normalise(changed) in names for names in held.values())
    assert normalise(base) not in held[nodes[1]]


@both_transports
def test_one_read_feeds_all_nodes(engine: Engine, nodes: list[str], images: Images, transport: Transport) -> None:
    messages: list[str] = []
    image = images.make(os.urandom(20 * MIB))
    report = load(engine, image, nodes, progress=messages.append, transports=[transport])
    assert close_to(report.sent_bytes, 2 * 20 * MIB)
    assert messages
    assert_whole(engine, image, nodes)


def test_a_name_moves_to_the_new_image(engine: Engine, nodes: list[str], images: Images) -> None:
    reference = images.make(os.urandom(MIB))
    load(engine, reference, nodes)
    images.make(os.urandom(MIB), reference=reference)
    assert not load(engine, reference, nodes).unchanged
    assert_whole(engine, reference, nodes)


@both_transports
def test_equal_and_empty_layers(engine: Engine, nodes: list[str], images: Images, transport: Transport) -> None:
    same = os.urandom(MIB)
    image = images.make(same, b"", same)
    load(engine, image, nodes, transports=[transport])
    assert_whole(engine, image, nodes)


@both_transports
def test_loads_at_once_send_a_shared_layer_once(
    engine: Engine, nodes: list[str], images: Images, transport: Transport
) -> None:
    base = images.make(os.urandom(8 * MIB))
    several = [images.make(os.urandom(MIB), base=base) for _ in range(4)]
    session = LoadSession()
    with ThreadPoolExecutor() as pool:
        reports = list(
            pool.map(lambda image: load(engine, image, nodes[:1], session=session, transports=[transport]), several)
        )
    assert sum(report.sent_layers for report in reports) == 5
    for image in several:
        assert_whole(engine, image, nodes[:1])


@both_transports
def test_what_was_collected_in_between_is_sent_again(
    engine: Engine, nodes: list[str], images: Images, transport: Transport
) -> None:
    reference = images.make(os.urandom(MIB), os.urandom(MIB))
    image = EngineImage.inspect(engine, reference)
    order = Order(LoadSession(), engine, image, [transport], lambda _: None, None)
    (stream,) = open_streams(order, nodes[:1])
    assert not set(image.diff_ids) & stream.content().blobs
    believed = NodeContent(dict.fromkeys(image.diff_ids, MIB + 2048), frozenset())
    with pushing(order, nodes[0]) as push, ExitStack() as asked:
        sent = transfer(order, {stream: believed}, [MIB, MIB], Offer(push), asked, warm_up=False)
    assert [stream.sent_layers for stream in sent.streams] == [0, 2]
    assert_whole(engine, reference, nodes[:1])


def test_a_load_that_is_stopped_leaves_nothing_half(engine: Engine, nodes: list[str], images: Images) -> None:
    image = images.make(os.urandom(40 * MIB), os.urandom(40 * MIB))
    cancel = threading.Event()
    with pytest.raises(InterruptedRunError):
        load(engine, image, nodes, progress=lambda _: cancel.set(), cancel=cancel)
    assert all(normalise(image) not in names for names in names_on_nodes(engine, nodes).values())
    load(engine, image, nodes)
    assert_whole(engine, image, nodes)


def test_a_push_that_is_stopped_leaves_nothing_half(engine: Engine, nodes: list[str], images: Images) -> None:
    image = images.make(os.urandom(80 * MIB))
    cancel = threading.Event()
    threading.Timer(0.4, cancel.set).start()  # the engine needs longer to compress it
    with pytest.raises(InterruptedRunError):
        load(engine, image, nodes, cancel=cancel, transports=[Transport.PUSH])
    assert all(normalise(image) not in names for names in names_on_nodes(engine, nodes).values())
    assert not any("127.0.0.1" in tag for tag in engine.images.inspect(image)["RepoTags"])
    load(engine, image, nodes)
    assert_whole(engine, image, nodes)


def test_an_engine_is_warmed_up_for_what_it_would_compress(engine: Engine, nodes: list[str], images: Images) -> None:
    base = images.make(os.urandom(60 * MIB))
    load(engine, base, nodes, transports=[Transport.ARCHIVE])
    messages: list[str] = []
    first = images.make(os.urandom(MIB), base=base)
    cold = load(engine, first, nodes, progress=messages.append)
    assert cold.transport is Transport.ARCHIVE
    assert any("would compress" in message for message in messages)
    warm_up(engine, first, nodes[0])
    second = images.make(os.urandom(MIB), base=base)
    warm = load(engine, second, nodes)
    assert warm.transport is Transport.PUSH
    for report in (cold, warm):
        assert close_to(report.sent_bytes, 2 * MIB)
    assert_whole(engine, second, nodes)


def test_a_node_that_lacks_what_the_engine_knows_is_sent_it(engine: Engine, nodes: list[str], images: Images) -> None:
    image = images.make(os.urandom(MIB), os.urandom(MIB))
    load(engine, image, nodes[:1], transports=[Transport.PUSH])
    both = load(engine, image, nodes, transports=[Transport.PUSH])
    assert both.unchanged == (nodes[0],)
    assert close_to(both.sent_bytes, 2 * MIB)
    assert_whole(engine, image, nodes)


def test_loads_that_follow_each_other_share_the_program_in_a_node(
    engine: Engine, nodes: list[str], images: Images
) -> None:
    first, second, third = (images.make(os.urandom(MIB)) for _ in range(3))
    load(engine, third, nodes[:1])
    began = time.time()
    session = LoadSession()
    with session.programs.kept():
        load(engine, first, nodes, session=session)
        load(engine, third, nodes, session=session)
        load(engine, second, nodes, session=session)
    when = [f"--since={began}", f"--until={time.time()}"]
    reported = ["docker", "events", *when, "--filter=event=exec_create", "--format={{.Actor.Attributes.name}}"]
    started = subprocess.run(reported, check=True, capture_output=True, text=True).stdout.split()
    assert sorted(name for name in started if name in nodes) == sorted(nodes)
    for image in (first, second, third):
        assert_whole(engine, image, nodes)


ELSEWHERE = """
import json, sys
from devenv.adapters.docker import Engine
from devenv.images.load.loader import load
from devenv.images.load.session import LoadSession

engine, (node, *images), messages, session = Engine.connect(), sys.argv[1:], [], LoadSession()
with session.kept():
    reports = [load(engine, image, [node], progress=messages.append, session=session) for image in images]
print(json.dumps([[[report.transport, report.sent_bytes] for report in reports], messages]))
"""


def load_from_elsewhere(node: str, images: list[str]) -> tuple[list[tuple[str, int]], list[str]]:
    """Load in a network namespace of its own, whose loopback is not the engine's, as with an engine in a VM."""
    if os.geteuid() != 0:
        missing("another network namespace takes root")
    up = 'ip link set lo up && exec "$@"'
    script = [str(require_program("unshare")), "--net", "sh", "-c", up, "sh", sys.executable, "-c", ELSEWHERE]
    reports, messages = json.loads(subprocess.run([*script, node, *images], check=True, capture_output=True).stdout)
    return [(transport, sent) for transport, sent in reports], messages


def test_an_engine_elsewhere_pushes_through_a_relay(engine: Engine, nodes: list[str], images: Images) -> None:
    base = images.make(os.urandom(60 * MIB))
    load(engine, base, nodes[:1], transports=[Transport.PUSH])
    made = [images.make(os.urandom(MIB), base=base) for _ in range(2)]
    reports, messages = load_from_elsewhere(nodes[0], made)
    assert [transport for transport, _ in reports] == [Transport.PUSH, Transport.PUSH], messages
    assert all(close_to(sent, MIB) for _, sent in reports)
    for image in made:
        assert_whole(engine, image, nodes[:1])
    assert not engine.containers.list({LABEL_RELAY: ""})


def test_one_that_can_have_no_relay_either_writes_archives(engine: Engine, nodes: list[str], images: Images) -> None:
    base = images.make(os.urandom(60 * MIB))
    load(engine, base, nodes[:1], transports=[Transport.PUSH])
    made = [images.make(os.urandom(MIB), base=base) for _ in range(2)]
    with ExitStack() as taken:
        for port in push_ports():
            server = taken.enter_context(Closing(("127.0.0.1", port), socketserver.BaseRequestHandler))
            threading.Thread(target=server.serve_forever).start()
            taken.callback(server.shutdown)
        reports, messages = load_from_elsewhere(nodes[0], made)
    assert [transport for transport, _ in reports] == [Transport.ARCHIVE, Transport.ARCHIVE]
    (told,) = (message for message in messages if "does not reach" in message)
    assert "Address already in use" in told
    assert_whole(engine, made[1], nodes[:1])


class Closing(socketserver.TCPServer):
    """Closes each connection at once, at a port where another server has just ended."""

    allow_reuse_address = True


def push_ports() -> range:
    """Where a relay may listen."""
    kept = json.loads((host_state_dir("push") / "address.json").read_text())["port"]
    return range(kept, kept + PORTS)


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(layers=st.lists(st.dictionaries(FILE_NAMES, st.binary(max_size=5000)), min_size=1, max_size=4), text=st.text())
@both_transports
def test_what_is_loaded_is_what_was_saved(
    engine: Engine, nodes: list[str], transport: Transport, layers: list[dict[str, bytes]], text: str
) -> None:
    """For images made at random; the configuration's digest covers layers and history."""
    reference = f"localhost/devenv-test/{uuid.uuid4().hex[:8]}:{RUN}"
    archive, config = docker_archive(reference, layers, text, LABELS)
    engine.client.images.load(archive)
    load(engine, reference, nodes[:1], transports=[transport])
    assert_whole(engine, reference, nodes[:1])
    found = engine.images.inspect(reference)["Id"]
    stored = engine.containers.exec(nodes[0], ["ctr", "-n=k8s.io", "content", "get", digest(config)]).stdout
    assert (found, stored) == (digest(config), config.decode())


@both_transports
def test_a_full_disk_is_told_and_leaves_nothing_half(
    engine: Engine, node_image: str, images: Images, transport: Transport
) -> None:
    small = {"/run": "", "/tmp": "", "/var/lib/containerd": "size=16m"}  # noqa: S108
    node = start_node(engine, node_image, tmpfs=small)
    image = images.make(os.urandom(24 * MIB))
    with pytest.raises(DiskFullError, match=node):
        load(engine, image, [node], transports=[transport])
    assert normalise(image) not in names_on_nodes(engine, [node])[node]
    little = images.make(os.urandom(MIB))
    load(engine, little, [node])
    engine.containers.remove([node])


def test_a_node_that_is_gone_does_not_hide_an_error(
    engine: Engine, nodes: list[str], node_image: str, images: Images
) -> None:
    image = images.make(os.urandom(MIB))
    with pytest.raises(ImageError, match="no image localhost/devenv-test/none"):
        load(engine, "localhost/devenv-test/none:1", nodes)
    with pytest.raises(ImageError, match="node no-such-node does not answer"):
        load(engine, image, [nodes[0], "no-such-node"])
    stopped = start_node(engine, node_image)
    engine.client.api.stop(stopped, timeout=1)
    with pytest.raises(ImageError, match=f"node {stopped} does not answer") as caught:
        load(engine, image, [stopped])
    assert "not running" in caught.value.context["last lines"]
    engine.containers.remove([stopped])
