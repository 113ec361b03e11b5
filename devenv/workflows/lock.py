"""`devenv lock`: records the digests of upstream images in the catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.images.registries import Registries, registry_of
from devenv.spec.catalogue import load_versions
from devenv.spec.load import VERSIONS_FILE


@dataclass(frozen=True, slots=True)
class LockRow:
    """One image."""

    name: str
    upstream: str
    digest: str | None
    state: str
    """`recorded`, `unchanged`, or `out of reach`."""

    def as_dict(self) -> dict[str, str | None]:
        """The row as JSON-ready data."""
        return {"name": self.name, "upstream": self.upstream, "digest": self.digest, "state": self.state}


def lock_images(file: Path = VERSIONS_FILE) -> list[LockRow]:
    """Ask every upstream image's registry for its digest and write what answers into the catalogue.

    Raises:
        EngineUnavailableError: there is no engine; it is what talks to registries.
    """
    images = {name: image for name, image in load_versions().images.items() if image.upstream}
    answering = Registries().answering(registry_of(image.upstream or "") for image in images.values())
    engine = Engine.connect() if any(answering.values()) else None
    rows, text = [], file.read_text()
    for name, image in images.items():
        upstream = image.upstream or ""
        if engine is None or not answering[registry_of(upstream)]:
            rows.append(LockRow(name, upstream, image.digest, "out of reach"))
            continue
        digest = engine.registry_digest(upstream)
        rows.append(LockRow(name, upstream, digest, "unchanged" if digest == image.digest else "recorded"))
        text = _with_digest(text, upstream, digest)
    if text != file.read_text():
        file.write_text(text)
    return rows


def _with_digest(text: str, upstream: str, digest: str) -> str:
    """The catalogue with a digest behind an upstream reference; comments and order stay."""
    flow = re.compile(rf'(upstream: "?{re.escape(upstream)}"?)(, digest: sha256:\w+)?(?=[,}}])')
    if flow.search(text):
        return flow.sub(rf"\1, digest: {digest}", text)
    block = re.compile(rf'^( *)(upstream: "?{re.escape(upstream)}"?(?: *#.*)?)\n(?: *digest: .*\n)?', re.MULTILINE)
    return block.sub(rf"\1\2\n\1digest: {digest}\n", text)
