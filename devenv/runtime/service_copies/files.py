"""The files that a pod has from Secrets and ConfigMaps, and other contents in the place of some. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.surroundings import Source
from devenv.runtime.service_copies.variables import Data

_KINDS = {"secret": ("Secret", "secretName"), "configMap": ("ConfigMap", "name")}
"""By the key of a volume: what it is made from, and where its name stands."""
_SETTINGS = ("defaultMode",)


@dataclass(frozen=True, slots=True)
class _Files:
    """A volume of files."""

    key: str
    source: Source
    paths: Mapping[str, str]
    """Key to path of each."""


def file_sources(spec: Json) -> set[Source]:
    """The Secrets and ConfigMaps that files come from."""
    return {found.source for volume in spec.get("volumes") or () for found in _files(volume, {})}


def override_files(
    spec: Json, data: Data, change: Callable[[Mapping[str, str]], Mapping[str, str]], secret: str
) -> dict[str, str]:
    """Give a pod other contents of files, by a change of its specification.

    A volume of which files change is put together from what stays, which is still the original's, and from the copy's
    own Secret.

    Args:
        spec: the pod's; it is changed.
        data: what the sources hold.
        change: the contents that have to change, of those by name that it is given.
        secret: the copy's own.

    Returns:
        What has to be in that Secret.
    """
    held: dict[str, str] = {}
    for volume in spec.get("volumes") or ():
        for files in _files(volume, data):
            known = data.get(files.source, {})
            changed = change({key: known[key] for key in files.paths if key in known})
            if not changed:
                continue
            own = {key: f"{volume['name']}.{key}" for key in changed}
            held |= {own[key]: value for key, value in changed.items()}
            kind = {"name": files.source[1], "items": _items(files, [key for key in files.paths if key not in changed])}
            mine = [{"key": own[key], "path": files.paths[key]} for key in changed]
            settings = {key: volume[files.key][key] for key in _SETTINGS if key in volume[files.key]}
            rest = [{files.key: kind}] if kind["items"] else []
            volume["projected"] = {**settings, "sources": [*rest, {"secret": {"name": secret, "items": mine}}]}
            del volume[files.key]
    return held


def _files(volume: Json, data: Data) -> Iterator[_Files]:
    for key, (kind, name) in _KINDS.items():
        if found := volume.get(key):
            source = (kind, found[name])
            chosen = found.get("items")
            paths = {item["key"]: item["path"] for item in chosen} if chosen else {k: k for k in data.get(source, {})}
            yield _Files(key, source, paths)


def _items(files: _Files, keys: list[str]) -> list[Json]:
    return [{"key": key, "path": files.paths[key]} for key in keys]
