"""`devenv lock`: records the digests of upstream images in devenv.lock, beside devenv.yaml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.adapters.files.records import write_whole
from devenv.images.catalogue.registries import Registries
from devenv.spec.image_reference import registry_of
from devenv.spec.load import load_workspace
from devenv.spec.lock import lock_text
from devenv.spec.workspace import LOCK_FILE


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


def lock_images(directory: Path) -> list[LockRow]:
    """Ask every upstream image's registry for its digest and write what answers into the project's devenv.lock.

    Raises:
        SpecError: the specification, or the present lock, is wrong.
        EngineUnavailableError: there is no engine; it is what talks to registries.
    """
    workspace = load_workspace(directory, data_root=data_root())
    upstream = {name: image.upstream for name, image in workspace.versions.images.items() if image.upstream}
    former = {name: workspace.lock.images.get(reference) for name, reference in upstream.items()}
    answering = Registries().answering(registry_of(reference) for reference in upstream.values())
    # Without a registry there is nothing to ask the engine for.
    engine = Engine.connect() if any(answering.values()) else None
    rows = lock_rows(upstream, former, answering, engine.images.registry_digest if engine else _never)
    file = workspace.root / LOCK_FILE
    digests = {row.upstream: row.digest for row in rows if row.digest}
    if digests or file.exists():
        write_whole(file, lock_text(digests))
    return rows


def lock_rows(
    upstream: Mapping[str, str],
    former: Mapping[str, str | None],
    answering: Mapping[str, bool],
    ask: Callable[[str], str],
) -> list[LockRow]:
    """What each image's registry says of it; where none answers, the former digest stays."""
    rows = []
    for name, reference in upstream.items():
        if answering[registry_of(reference)]:
            digest = ask(reference)
            rows.append(LockRow(name, reference, digest, "unchanged" if digest == former[name] else "recorded"))
        else:
            rows.append(LockRow(name, reference, former[name], "out of reach"))
    return rows


def _never(reference: str) -> str:
    raise AssertionError(f"nobody asks for {reference}")
