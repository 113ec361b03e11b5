"""Services of Compose files in one form, and one over the other as `extends` and several files have it. Pure.

What may be written as a list or as a mapping is a mapping afterwards. The rules of merging are those of
https://github.com/compose-spec/compose-spec/blob/main/13-merge.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from devenv.spec.yaml.positions import Node

EXTENSION = "x-devenv"
"""Keys of a service that Compose passes over, as devenv.yaml has them; they go over what the service comes to."""
_REPLACED = ("command", "entrypoint", "test")
_BY_TARGET = ("volumes", "configs", "secrets")
_FREE_KEYS = ("environment", "args", "labels", "annotations")
"""Mappings whose keys are anybody's."""


def without_extensions(node: Node, *, kept: tuple[str, ...] = ()) -> Node:
    """A value without the keys that begin with `x-`, at any depth."""
    if isinstance(node.value, Mapping):
        entries = {
            key: child if key in (*_FREE_KEYS, *kept) else without_extensions(child, kept=kept)
            for key, child in node.value.items()
            if not key.startswith("x-") or key in kept
        }
        return replace(node, value=entries)
    if isinstance(node.value, list):
        return replace(node, value=[without_extensions(item, kept=kept) for item in node.value])
    return node


def canonical(service: Node) -> Node:
    """A service with mappings in the place of lists, where Compose takes both."""
    if not isinstance(service.value, Mapping):
        return service
    entries = dict(service.value)
    for key in ("environment", "depends_on", "networks"):
        if key in entries:
            entries[key] = _as_mapping(entries[key], pairs=key == "environment")
    for key, within in (("build", "context"), ("extends", "service")):
        if key in entries and isinstance(entries[key].value, str):
            node = entries[key]
            entries[key] = replace(node, value={within: replace(node, label=within)}, text="")
    build = entries.get("build")
    if build and isinstance(build.value, Mapping) and "args" in build.value:
        args = _as_mapping(build.value["args"], pairs=True)
        entries["build"] = replace(build, value={**build.value, "args": args})
    if "env_file" in entries and isinstance(entries["env_file"].value, str | Mapping):
        node = entries["env_file"]
        entries["env_file"] = replace(node, value=[replace(node, label=0)], text="")
    return replace(service, value=entries)


def _as_mapping(node: Node, *, pairs: bool) -> Node:
    if not isinstance(node.value, list):
        return node
    entries: dict[str, Node] = {}
    for item in node.value:
        if not isinstance(item.value, str):
            return node  # which is told as what it is
        name, sign, text = item.value.partition("=") if pairs else (item.value, "", "")
        value = text if sign else None
        entries[name] = replace(item, value=value, text=text, label=name)
    return replace(node, value=entries)


def merged_service(under: Node, over: Node) -> Node:
    """A service over another, both canonical."""
    return _merged("", under, over)


def merged_files(under: Node, over: Node) -> Node:
    """A Compose file over another, their services canonical."""
    return _merged("", under, over)


def _merged(key: str, under: Node, over: Node) -> Node:
    if over.value is None:
        return under
    if key not in _REPLACED and isinstance(under.value, Mapping) and isinstance(over.value, Mapping):
        entries = dict(under.value)
        for name, node in over.value.items():
            below = entries.get(name)
            entries[name] = _merged(name, below, node) if below is not None and key not in _FREE_KEYS else node
        return replace(over, value=entries)
    if key not in _REPLACED and isinstance(under.value, list) and isinstance(over.value, list):
        return replace(over, value=_joined(key, under.value, over.value))
    return over


def _joined(key: str, under: list[Node], over: list[Node]) -> list[Node]:
    """The entries of both lists; of those that are for the same place in a container, the later."""
    identity = target_of if key in _BY_TARGET else _data
    later = {identity(node) for node in over}
    return [*(node for node in under if identity(node) not in later), *over]


def _data(node: Node) -> str:
    return repr(node.data())


def target_of(node: Node) -> str:
    """The place in the container that an entry of volumes, configs or secrets is for."""
    if isinstance(node.value, Mapping):
        found = node.child("target") or node.child("source")
        return str(found.value).rstrip("/") if found else ""
    parts = str(node.value).split(":")
    return (parts[1] if parts[1:] else parts[0]).rstrip("/")
