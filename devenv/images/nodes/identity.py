"""Which images a node's containerd means by names: the digests that pods on it may report.

Responsible for asking. A pod reports the digest of an image's configuration, or of its manifest for an image that the
node pulled; engines name images by the one or the other too.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence

from devenv.adapters.docker import Engine
from devenv.errors import CommandFailedError, ImageError

_SECONDS = 30.0
_SCRIPT = """
set -eu
for name; do
  ctr --namespace=k8s.io images ls "name==\\"$name\\"" |
    sed -n 's/^[^ ]* *[^ ]* *sha256:\\([0-9a-f]*\\) .*/\\1/p' |
    while read -r digest; do
      echo "$name sha256:$digest"
      ctr --namespace=k8s.io content get "sha256:$digest" | tr -d '\\n' || true
      echo
    done
done
"""
"""Per name one line with the name and the manifest's digest, and one with the manifest, empty when it was collected."""
_CONTENT = """
ctr --namespace=k8s.io content get "$1" || true
"""


def image_digests(
    engine: Engine, node: str, names: Sequence[str], cancel: threading.Event | None = None
) -> Mapping[str, frozenset[str]]:
    """The digests of manifest and configuration of each image that a node has, by full name.

    Raises:
        ImageError: the node does not answer.
    """
    return parse_digests(_ask(engine, node, _SCRIPT, names, cancel))


def index_parts(engine: Engine, node: str, digest: str, cancel: threading.Event | None = None) -> frozenset[str]:
    """The digests of the manifests in an index that a node has; none for what is no index, or not there.

    `kind load` gives an image a second name, which stands for the index around it, and pods may report that one.

    Raises:
        ImageError: the node does not answer.
    """
    return parse_index(_ask(engine, node, _CONTENT, [digest], cancel))


def parse_index(text: str) -> frozenset[str]:
    """The manifests that an index lists; none where the text is none. Pure."""
    try:
        document = json.loads(text)
    except ValueError:
        return frozenset()
    listed = document.get("manifests") if isinstance(document, dict) else None
    return frozenset(str(manifest["digest"]) for manifest in listed or ())


def parse_digests(text: str) -> Mapping[str, frozenset[str]]:
    """What the node printed, read; an index has no configuration, and then counts by its own digest alone. Pure."""
    lines = text.split("\n")
    found: dict[str, frozenset[str]] = {}
    for head, manifest in zip(lines[::2], lines[1::2], strict=False):
        name, _, digest = head.partition(" ")
        found[name] = frozenset({digest, *_configuration(manifest)})
    return found


def _configuration(manifest: str) -> set[str]:
    try:
        config = json.loads(manifest).get("config") or {}
    except ValueError:
        return set()
    return {str(config["digest"])} if config.get("digest") else set()


def _ask(engine: Engine, node: str, script: str, arguments: Sequence[str], cancel: threading.Event | None) -> str:
    try:
        return engine.containers.exec(
            node, ["sh", "-c", script, "sh", *arguments], timeout=_SECONDS, cancel=cancel
        ).stdout
    except CommandFailedError as error:
        raise ImageError(f"node {node} does not answer", context=error.context, hint="devenv status") from error
