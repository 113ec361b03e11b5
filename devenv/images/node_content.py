"""What a node's containerd holds: image names, and the blobs by which a transfer can be shortened."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from devenv.adapters.docker import Engine
from devenv.errors import CommandFailedError, ImageError

_SECONDS = 30.0
_NAMES = ("ctr", "--namespace=k8s.io", "images", "ls", "--quiet")
_CONTENT = """
set -eu
ctr --namespace=k8s.io content ls --quiet
echo
ctr --namespace=k8s.io images ls "name==\\"$1\\"" |
  sed -n 's/^[^ ]* *[^ ]* *sha256:\\([0-9a-f]*\\) .*/\\1/p' |
  while read -r digest; do
    echo "sha256:$digest"
    ctr --namespace=k8s.io content get "sha256:$digest" || true
  done
"""
"""The digests of all blobs, an empty line, and the manifest that the name stands for: digest, then content. A
manifest that has been collected is no error: the image then counts as missing."""


@dataclass(frozen=True, slots=True)
class NodeContent:
    """The blobs of one node, and what one image name means there."""

    blobs: frozenset[str]
    image_ids: frozenset[str]
    """By which an engine may know the image of that name: digests of its manifest and its configuration. None
    when the node has no such name."""


def read_content(engine: Engine, node: str, name: str, cancel: threading.Event | None = None) -> NodeContent:
    """Ask one node; `name` is an image's full name. Raises ImageError when the node does not answer."""
    try:
        done = engine.exec(node, ["sh", "-c", _CONTENT, "sh", name], timeout=_SECONDS, cancel=cancel)
    except CommandFailedError as error:
        raise node_failed(node, error) from error
    blobs, _, image = done.stdout.partition("\n\n")
    digest, _, manifest = image.partition("\n")
    known = frozenset(line for line in blobs.split() if line.startswith("sha256:"))
    return NodeContent(known, _image_ids(digest.strip(), manifest, known))


def names_on_nodes(
    engine: Engine, nodes: Iterable[str], cancel: threading.Event | None = None
) -> Mapping[str, frozenset[str]]:
    """The full names of the images that each node holds; all nodes are asked at once."""

    def ask(node: str) -> frozenset[str]:
        try:
            return frozenset(engine.exec(node, _NAMES, timeout=_SECONDS, cancel=cancel).stdout.split())
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


def _image_ids(digest: str, manifest: str, blobs: frozenset[str]) -> frozenset[str]:
    if digest not in blobs:
        return frozenset()
    try:
        config = json.loads(manifest).get("config") or {}
    except ValueError:
        return frozenset()
    return frozenset({digest, *([config["digest"]] if config.get("digest") in blobs else [])})
