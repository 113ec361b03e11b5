"""What a node's containerd holds: image names, and the blobs by which a transfer can be shortened."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from devenv.adapters.docker import Engine
from devenv.errors import CommandFailedError, ImageError
from devenv.labels import LABEL_ENGINE_ID

_SECONDS = 30.0
_NAMES = ("ctr", "--namespace=k8s.io", "images", "ls", "--quiet")
INVENTORY = """
set -eu
inventory() {
  blobs=/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256
  listed=
  if [ ! -d "$blobs" ] || [ -z "$2" ] || [ -e "$blobs/${2#sha256:}" ]; then
    listed=$(ctr --namespace=k8s.io images ls "name==\\"$1\\"")
  fi
  if [ -d "$blobs" ]; then
    find "$blobs" -type f -printf 'blob sha256:%f %s\\n' || true  # one may be collected meanwhile
  fi
  [ -z "$listed" ] || echo "$listed" | sed 1d | while read -r _ _ digest rest; do
    echo "image $digest $rest"
    if [ -f "$blobs/${digest#sha256:}" ]; then
      echo "manifest $(base64 --wrap=0 "$blobs/${digest#sha256:}")"
    fi
  done
}
"""
"""A shell function that prints all blobs with their sizes, and what one name stands for: `inventory NAME BLOB`. The
blobs are listed as files: a question to containerd takes longer than everything else here, and is not asked at all
where the wanted image cannot be there since it lacks the BLOB, if one is named. A manifest that has been collected is
no error: the image then counts as missing."""


@dataclass(frozen=True, slots=True)
class NodeContent:
    """The blobs of one node, and what one image name means there."""

    sizes: Mapping[str, int]
    """Bytes by digest."""
    image_ids: frozenset[str]
    """By which an engine may know the image of that name: digests of its manifest and its configuration, and
    what its label says. None when the node has no such name."""

    @property
    def blobs(self) -> frozenset[str]:
        """Digests of what is there."""
        return frozenset(self.sizes)

    @classmethod
    def parse(cls, lines: Iterable[str]) -> NodeContent:
        """From what `inventory` prints; other lines, such as warnings, are passed over."""
        sizes: dict[str, int] = {}
        image = manifest = ""
        for line in lines:
            kind, _, rest = line.partition(" ")
            if kind == "blob":
                digest, _, size = rest.partition(" ")
                sizes[digest] = int(size)
            elif kind == "image":
                image = rest
            elif kind == "manifest":
                manifest = rest
        return cls(sizes, _image_ids(image, manifest, sizes))


def names_on_nodes(
    engine: Engine, nodes: Iterable[str], cancel: threading.Event | None = None
) -> Mapping[str, frozenset[str]]:
    """The full names of the images that each node holds; all nodes are asked at once."""

    def ask(node: str) -> frozenset[str]:
        try:
            return frozenset(engine.containers.exec(node, _NAMES, timeout=_SECONDS, cancel=cancel).stdout.split())
        except CommandFailedError as error:
            raise node_failed(node, error) from error

    wanted = list(nodes)
    if not wanted:
        return {}
    with ThreadPoolExecutor(len(wanted)) as pool:
        return dict(zip(wanted, pool.map(ask, wanted), strict=True))


def node_failed(node: str, error: CommandFailedError) -> ImageError:
    """The error for a node that could not be asked or told."""
    hint = "devenv status" if "is not running" in error.output or "No such container" in error.output else ""
    return ImageError(f"node {node} does not answer", context=error.context, hint=hint)


def _image_ids(image: str, manifest: str, sizes: Mapping[str, int]) -> frozenset[str]:
    """`image` is the rest of a line of `ctr images ls`: digest, size, platforms, labels."""
    if not manifest:
        return frozenset()
    digest, *_, labels = image.split()
    try:
        config = json.loads(base64.b64decode(manifest)).get("config") or {}
    except ValueError:
        return frozenset()
    labelled = [
        pair.removeprefix(f"{LABEL_ENGINE_ID}=") for pair in labels.split(",") if pair.startswith(f"{LABEL_ENGINE_ID}=")
    ]
    return frozenset({digest, *labelled, *([config["digest"]] if config.get("digest") in sizes else [])})
