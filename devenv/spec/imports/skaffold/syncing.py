"""What Skaffold syncs as rules of devenv's: https://skaffold.dev/docs/filesync/."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from devenv.spec.imports.note import Note
from devenv.spec.imports.skaffold.file.build_config import ArtifactSync
from devenv.spec.sync_rule import SyncRule
from devenv.spec.yaml.positions import KeyPath

_BUILT = "devenv dev builds the image on each save; or say it under images of devenv.yaml"
_RUN = "one command in the container runs after a sync: write it as run at the rule, under images of devenv.yaml"
_WORKDIR = re.compile(r"^\s*WORKDIR\s+(/[^\s$]*)\s*$", re.IGNORECASE)
_FROM = re.compile(r"^\s*FROM\s+\S.*?(?:\s+AS\s+(?P<name>\S+))?\s*$", re.IGNORECASE)
Tell = Callable[[KeyPath, str, str], Note]
"""Makes a note on a key of the artifact."""


def sync_rules(
    sync: ArtifactSync, context: Path, tell: Tell, workdir: str | None = None
) -> tuple[list[dict[str, Any]], list[Note]]:
    """The rules of an artifact as devenv.yaml has them, and what is not carried over.

    Args:
        sync: what is written.
        context: the folder that is built.
        tell: makes a note on a key of it.
        workdir: the folder in the container that a relative place is below, where that is known.
    """
    rules: dict[str, dict[str, Any]] = {}
    command, notes = _after(sync, tell)
    for index, manual in enumerate(sync.manual):
        dest = posixpath.normpath(posixpath.join(workdir or "", manual.dest))
        rule = SyncRule.model_validate({"from": manual.src, "to": f"/{dest}".replace("//", "/")})
        below = f"{rule.folder}/".removeprefix("./")
        strip = manual.strip.removeprefix("./")
        if not dest.startswith("/"):
            notes.append(
                tell(("sync", "manual", index, "dest"), f"{manual.dest} is relative to the image's folder", _BUILT)
            )
        elif not below.startswith(strip):
            notes.append(tell(("sync", "manual", index, "strip"), f"{strip} is not what it begins with", _BUILT))
        elif not _is_there(rule, context):
            message = f"nothing is at {manual.src} in the context"
            notes.append(tell(("sync", "manual", index, "src"), message, "nothing is synced by it"))
        else:
            # Skaffold puts the whole path below `dest`.
            target = PurePosixPath(rule.to) / below.removeprefix(strip).strip("/")
            run = {"run": command} if command else {}
            rules.setdefault(rule.normal_source, {"from": manual.src, "to": str(target), **run})
    for key, written in (("infer", sync.infer), ("auto", sync.auto)):
        if written:
            notes.append(tell(("sync", key), f"sync.{key} is not carried over", _BUILT))
    return list(rules.values()), notes


def workdir_of(dockerfile: Path, target: str | None) -> str | None:
    """The last absolute WORKDIR of a stage, the last one where there is no target; None where it says none itself."""
    try:
        lines = dockerfile.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found: str | None = None
    stage = ""
    for line in lines:
        if begin := _FROM.match(line):
            if target and stage == target:
                return found
            found, stage = None, begin["name"] or ""
        elif place := _WORKDIR.match(line):
            found = place[1]
    return found


def _after(sync: ArtifactSync, tell: Tell) -> tuple[list[str], list[Note]]:
    """The command that runs in the container after each sync, and the hooks that are not carried over."""
    first = next(iter(sync.hooks.after), None)
    command = list(first.container.command) if first and first.container else []
    left = [("before", index) for index in range(len(sync.hooks.before))]
    left += [("after", index) for index in range(len(sync.hooks.after)) if index or not command]
    return command, [
        tell(("sync", "hooks", when, index), "this hook is not carried over", _RUN) for when, index in left
    ]


def _is_there(rule: SyncRule, context: Path) -> bool:
    place = context / rule.folder
    return ".." not in rule.folder.parts and (place.is_dir() if rule.is_pattern else place.exists())
