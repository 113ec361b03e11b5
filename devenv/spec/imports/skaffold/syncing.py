"""What Skaffold syncs as rules of devenv's: https://skaffold.dev/docs/filesync/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from devenv.spec.imports.note import Note
from devenv.spec.imports.skaffold.build_config import ArtifactSync
from devenv.spec.sync_rule import SyncRule
from devenv.spec.yaml.positions import KeyPath

_BUILT = "devenv dev builds the image on each save; or say it under images of devenv.yaml"
Tell = Callable[[KeyPath, str, str], Note]
"""Makes a note on a key of the artifact."""


def sync_rules(sync: ArtifactSync, context: Path, tell: Tell) -> tuple[list[dict[str, str]], list[Note]]:
    """The rules of an artifact as devenv.yaml has them, and what is not carried over.

    Args:
        sync: what is written.
        context: the folder that is built.
        tell: makes a note on a key of it.
    """
    rules: dict[str, dict[str, str]] = {}
    notes: list[Note] = []
    for index, manual in enumerate(sync.manual):
        rule = SyncRule.model_validate({"from": manual.src, "to": f"/{manual.dest}".replace("//", "/")})
        below = f"{rule.folder}/".removeprefix("./")
        strip = manual.strip.removeprefix("./")
        if not manual.dest.startswith("/"):
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
            rules.setdefault(rule.normal_source, {"from": manual.src, "to": str(target)})
    for key, written in (("infer", sync.infer), ("auto", sync.auto)):
        if written:
            notes.append(tell(("sync", key), f"sync.{key} is not carried over", _BUILT))
    return list(rules.values()), notes


def _is_there(rule: SyncRule, context: Path) -> bool:
    place = context / rule.folder
    return ".." not in rule.folder.parts and (place.is_dir() if rule.is_pattern else place.exists())
