"""The program that runs in a node, run here, with scripts in the places of `docker exec` and `ctr`."""

from __future__ import annotations

import sys
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.nodes import unreachable_engine
from support.programs import Script
from support.pushing import config_of, digest

from devenv.errors import DiskFullError, ImageError, InterruptedRunError
from devenv.images.formats.archive import make_manifest
from devenv.images.formats.oci import Descriptor, MediaType
from devenv.images.nodes.stream import NodeStream, start_program

NAME = "docker.io/library/a:b"
DOCKER = """
[ "$3" = node ] || { echo "Error: No such container: $3" >&2; exit 1; }
shift 3
exec "$@"
"""
CTR = """
case "$*" in
  *--help) echo "   --local  run it here"; exit ;;
  *" ls "*) printf 'REF TYPE DIGEST SIZE PLATFORMS LABELS\\n'; exit ;;
  *label*) echo "$*" >> "$TAKEN.labels"; exit ;;
esac
echo "$*" >> "$TAKEN.commands"
[ ! -f "$TAKEN.full" ] || { echo "ctr: write: no space left on device" >&2; exit 1; }
exec "$PYTHON" -c "$IMPORTER"
"""
IMPORTER = """
import os, sys
def copy(size):
    data = b""
    while len(data) < size:
        chunk = os.read(0, size - len(data)) or sys.exit("ctr: unexpected EOF")
        data += chunk
    taken.write(data)
    return data
name = b""
with open(os.environ["TAKEN"], "wb") as taken:
    while (header := copy(512)) != bytes(512):
        name = header[:100].rstrip(bytes(1))
        copy(-(-int(header[124:135], 8) // 512) * 512)
    copy(512)
name == b"index.json" or sys.exit("ctr: no index.json")
"""
"""Reads no further than the end of a tar, as containerd's importer does."""
Start = Callable[..., NodeStream]


@pytest.fixture
def taken(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    script("docker", DOCKER)
    script("ctr", CTR)
    monkeypatch.setenv("TAKEN", str(tmp_path / "taken"))
    monkeypatch.setenv("IMPORTER", IMPORTER)
    monkeypatch.setenv("PYTHON", sys.executable)
    return tmp_path / "taken"


@pytest.fixture
def start(taken: Path) -> Start:
    assert taken
    engine = unreachable_engine()

    def start(node: str = "node", cancel: threading.Event | None = None) -> NodeStream:
        return NodeStream(start_program(engine, node, cancel), NAME)

    return start


def end(stream: NodeStream) -> None:
    stream.program.end()
    stream.program.join()


def send(stream: NodeStream, layer: bytes = b"layer", engine_id: str = "") -> None:
    stream.begin(frozenset({digest(b"held")}), engine_id)
    assert stream.wants(digest(layer))
    assert not stream.wants(digest(b"held"))
    stream.begin_layer(digest(layer).removeprefix("sha256:"), len(layer))
    stream.feed(layer)
    stream.end_layer(digest(layer), len(layer))
    assert not stream.wants(digest(layer))
    stream.conclude(make_manifest(config_of([layer]), (Descriptor(MediaType.LAYER, digest(layer), len(layer)),)))
    stream.join()


def test_an_image_is_taken_with_its_index_last(start: Start, taken: Path) -> None:
    stream = start()
    assert not stream.content().image_ids
    send(stream, b"x" * 700)
    end(stream)
    assert stream.error is stream.program.error is None
    assert (stream.sent_layers, stream.sent_bytes) == (1, 700)
    with tarfile.open(taken) as layout:
        names = layout.getnames()
    assert (names[0], names[1], names[-1]) == ("oci-layout", f"blobs/sha256/{digest(b'x' * 700)[7:]}", "index.json")
    commands = taken.with_suffix(".commands").read_text()
    assert commands == "--namespace=k8s.io images import --local --all-platforms -\n"
    assert not taken.with_suffix(".labels").exists()


def test_a_node_that_has_it_all_is_sent_nothing(start: Start, taken: Path) -> None:
    stream = start()
    stream.content()
    stream.dismiss()
    stream.join()
    end(stream)
    assert stream.error is stream.program.error is None
    assert not taken.with_suffix(".commands").exists()


def test_one_program_takes_one_image_after_the_other(start: Start, taken: Path) -> None:
    first = start()
    first.content()
    send(first, b"first")
    second = NodeStream(first.program, NAME)
    second.content()
    second.dismiss()
    third = NodeStream(first.program, NAME)
    third.content()
    send(third, b"third", engine_id="sha256:index")
    end(third)
    assert first.error is second.error is third.error is third.program.error is None
    assert len(taken.with_suffix(".commands").read_text().splitlines()) == 2
    with tarfile.open(taken) as layout:
        assert f"blobs/sha256/{digest(b'third')[7:]}" in layout.getnames()


def test_the_engines_id_is_noted(start: Start, taken: Path) -> None:
    stream = start()
    stream.content()
    send(stream, engine_id="sha256:index")
    end(stream)
    assert stream.error is stream.program.error is None
    labels = taken.with_suffix(".labels").read_text()
    assert labels == f"--namespace=k8s.io images label {NAME} devenv.io/engine-id=sha256:index\n"


def test_a_node_that_is_gone_is_told_at_once(start: Start) -> None:
    began = time.monotonic()
    with pytest.raises(ImageError, match="node gone does not answer") as caught:
        start("gone").content()
    assert caught.value.hint == "devenv status"
    assert time.monotonic() - began < 5


def test_a_full_disk_is_told(start: Start, taken: Path) -> None:
    taken.with_suffix(".full").touch()
    stream = start()
    stream.content()
    send(stream, bytes(1 << 20))
    assert isinstance(stream.error, DiskFullError)


def test_what_breaks_off_is_no_image(start: Start, taken: Path) -> None:
    stream = start()
    stream.content()
    stream.begin(frozenset())
    stream.begin_layer("a", 1000)
    stream.feed(b"x" * 500)
    stream.break_off()
    stream.join()
    assert isinstance(stream.error, InterruptedRunError)
    assert not taken.exists() or b"index.json" not in taken.read_bytes()


def test_a_run_that_is_cancelled_stops_the_program(start: Start) -> None:
    cancel = threading.Event()
    stream = start("node", cancel)
    stream.content()
    cancel.set()
    stream.join()
    assert isinstance(stream.error, InterruptedRunError)
    with pytest.raises(InterruptedRunError):
        stream.content()
