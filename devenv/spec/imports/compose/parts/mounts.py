"""Volumes, bind mounts and tmpfs of a service as `volumes` and `files` of devenv.yaml.

A volume with a name is kept, and so is one that several services share. A file or a small folder of text comes along as
configuration. Sources, data and what is outside of the project do not: the image has its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from devenv.spec.imports.compose.draft import ServiceDraft, is_on, node_of, text_of
from devenv.spec.read.places import visible_files
from devenv.spec.yaml.positions import Node

SIZE = "1Gi"
EMPTY = "empty"
_OWN_FILES = "it sees the image's own files"
_KEPT = "a volume is there instead, which begins empty and is kept"
_MOST_BYTES = 256 * 1024
_MOST_FILES = 40
_CONFIGURATION = ("/etc/", "/usr/local/etc/", "/usr/share/", "/config", "/conf", "/docker-entrypoint", "/run/", "/var/")
"""Where an image that is built has what comes from the project and is no source of it."""
_PATH = re.compile(r"\.{1,2}(/|$)|[/~]")
_OPTIONS = re.compile(r"(ro|rw|z|Z|cached|delegated|consistent|nocopy|r?shared|r?slave|r?private)(,.*)?")


@dataclass(frozen=True, slots=True)
class Mount:
    """One entry of `volumes` or `tmpfs`."""

    kind: str
    """volume, bind, tmpfs, or another of Compose's."""
    source: str
    """A volume's name, a path; empty for what has none."""
    target: str
    read_only: bool
    node: Node
    at: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """The service that keeps a volume which others have too."""

    service: str
    name: str
    """Its name here."""
    path: str
    """Where it has the volume."""


def mounts_of(draft: ServiceDraft) -> list[Mount]:
    """The mounts of a service."""
    found = [_mount(node, ("volumes", index)) for index, node in enumerate(draft.items("volumes"))]
    for index, node in enumerate(draft.items("tmpfs")):
        target = text_of(node).partition(":")[0]
        found.append(Mount("tmpfs", "", target, read_only=False, node=node, at=("tmpfs", index)))
    return found


def _mount(node: Node, at: tuple[str | int, ...]) -> Mount:
    if isinstance(node.value, Mapping):
        parts = {key: text_of(child) for key, child in node.value.items() if not isinstance(child.value, Mapping)}
        source, target = parts.get("source", ""), parts.get("target", "")
        return Mount(parts.get("type", ""), source, target, read_only=is_on(node.child("read_only")), node=node, at=at)
    source, _, rest = text_of(node).partition(":")
    target, _, options = rest.partition(":")
    if not target or (_OPTIONS.fullmatch(target) and not target.startswith("/")):
        return Mount("volume", "", source, read_only=False, node=node, at=at)
    kind = "bind" if _PATH.match(source) else "volume"
    return Mount(kind, source, target, read_only="ro" in options.split(","), node=node, at=at)


@dataclass(slots=True)
class Mounts:
    """What the mounts of a service come to."""

    draft: ServiceDraft
    files: dict[str, Node]
    volumes: dict[str, Node]

    @classmethod
    def of(cls, draft: ServiceDraft, owners: Mapping[str, Owner]) -> Mounts:
        """The mounts of a service.

        Args:
            draft: of the service.
            owners: volume's name to the other service that keeps it.
        """
        made = cls(draft, {}, {})
        mounts = mounts_of(draft)
        sources = [mount.target for mount in mounts if mount.kind == "bind" and not made._carries(mount)]
        for mount in mounts:
            target = _clean(mount.target)
            if target is None:
                draft.problem(
                    mount.at, f"an absolute path in the container is expected, found {mount.target or 'none'}"
                )
            elif mount.kind == "bind":
                made._bind(mount, target)
            elif mount.kind == "volume":
                made._volume(mount, target, owners, sources)
            elif mount.kind == "tmpfs":
                made.volumes[target] = node_of(EMPTY, mount.node)
            else:
                draft.note(mount.at, f"a mount of type {mount.kind} is not carried over", _OWN_FILES)
        return made

    def _volume(self, mount: Mount, target: str, owners: Mapping[str, Owner], sources: list[str]) -> None:
        if not mount.source:
            if any(PurePosixPath(target).is_relative_to(source) for source in sources if source):
                message = "a volume over what is mounted is not needed"
                self.draft.note(mount.at, message, "the image's own files are there")
            else:
                self.volumes[target] = node_of(EMPTY, mount.node)
            return
        owner = owners.get(mount.source)
        kept: Any = SIZE if owner is None else {"of": owner.name, "path": owner.path}
        self.volumes[target] = node_of(kept, mount.node)

    def _bind(self, mount: Mount, target: str) -> None:
        reason, instead = self._why_not(mount)
        if reason:
            self.draft.note(mount.at, f"{mount.source} {reason}", instead)
            if instead == _KEPT:
                self.volumes[target] = node_of(SIZE, mount.node)
            return
        path = self.draft.place(mount.node, mount.source)
        self.files[target] = node_of(self.draft.relative(path), mount.node)
        if path.is_dir() and not mount.read_only:
            self.draft.note(mount.at, f"{mount.source} cannot be written to", "its files are mounted as they are now")

    def _carries(self, mount: Mount) -> bool:
        return not self._why_not(mount)[0]

    def _why_not(self, mount: Mount) -> tuple[str, str]:
        """Why a bind mount is not carried over, and what happens instead; empty where it is."""
        try:
            return self._look(mount)
        except OSError:
            return "cannot be looked at, so it is not mounted", _OWN_FILES

    def _look(self, mount: Mount) -> tuple[str, str]:
        path = self.draft.place(mount.node, mount.source)
        if mount.source.startswith("~") or not path.resolve().is_relative_to(self.draft.files.boundary.root.resolve()):
            return "is not in the project, so it is not mounted", _OWN_FILES
        is_data = not mount.read_only and (path.is_dir() if path.exists() else not path.suffix)
        if not path.exists():
            return "is not there, so it is not mounted", _KEPT if is_data else _OWN_FILES
        if self._is_source(path, mount.target):
            return "is not mounted", "the image has it from its build; devenv dev builds it anew on each save"
        reason = _why_no_configuration(path)
        return f"{reason}, so it is not mounted" if reason else "", _KEPT if is_data else _OWN_FILES

    def _is_source(self, path: Path, target: str) -> bool:
        """Whether a folder is what the image is built of, or around it, or a part of it that holds no configuration."""
        context = self.draft.find("build", "context")
        if context is None or not path.is_dir():
            return False
        folder, real = self.draft.place(context, text_of(context)).resolve(), path.resolve()
        return folder.is_relative_to(real) or (real.is_relative_to(folder) and not target.startswith(_CONFIGURATION))


def _clean(target: str) -> str | None:
    """A path in a container as devenv takes it; None where it is none."""
    if not target.startswith("/") or PurePosixPath(target) == PurePosixPath("/"):
        return None
    return "/" + "/".join(part for part in target.split("/") if part and part != ".")


def _why_no_configuration(path: Path) -> str:
    files = visible_files(path) if path.is_dir() else [path]
    if not files:
        return "is empty"
    if len(files) > _MOST_FILES or sum(file.stat().st_size for file in files) > _MOST_BYTES:
        return "is too large for configuration"
    try:
        for file in files:
            file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "is not text"
    return ""
