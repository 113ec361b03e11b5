"""Kubernetes manifests as text: read from files, labelled, and put in an order that the API server takes.

Responsible for the documents only; they are sent by `kubectl`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from devenv.errors import Problem, SpecError
from devenv.labels import LABEL_STACK
from devenv.spec.yaml.loader import Loader
from devenv.spec.yaml.text import NotTextError, read_text

_SUFFIXES = (".yaml", ".yml", ".json")


def read(path: Path) -> str:
    """A file's text, or that of all manifests in a folder, by name; raises SpecError when there are none."""
    files = [path] if path.is_file() else sorted(p for p in path.glob("*") if p.suffix in _SUFFIXES)
    if not files:
        raise SpecError([Problem(path, 1, "", "there are no manifests here")])
    return "\n---\n".join(map(_text, files))


def _text(file: Path) -> str:
    try:
        return read_text(file)
    except NotTextError as error:
        raise SpecError([Problem(file, error.line, "", error.message, error.hint)]) from error


def documents(text: str) -> list[dict[str, Any]]:
    """The objects of manifests, lists taken apart.

    Raises:
        SpecError: it is not YAML, or not made of objects.
    """
    objects = _parsed(text, Loader)
    if wrong := [item for item in objects if not isinstance(item, dict) or not item.get("kind")]:
        raise SpecError([Problem(Path("manifests"), 1, "", f"this is not an object: {str(wrong[0])[:80]}")])
    return objects


def outlines(text: str, namespace: str) -> list[dict[str, Any]]:
    """Kind and name of each object of manifests, and the namespace that it comes to where it names none.

    Raises:
        SpecError: it is not YAML.
    """
    # No scalar is read as anything but text: it must not matter here how Go reads values and how Python does.
    objects = _parsed(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    return [
        {**item, "metadata": {"name": metadata["name"], "namespace": metadata.get("namespace") or namespace}}
        for item in objects
        if isinstance(item, dict) and item.get("apiVersion") and item.get("kind")
        if "name" in (metadata := item.get("metadata") or {})
    ]


def labelled(text: str, stack: str) -> str:
    """The manifests with the stack's label on every object."""
    objects = documents(text)
    for item in objects:
        metadata = item.setdefault("metadata", {})
        metadata["labels"] = {**(metadata.get("labels") or {}), LABEL_STACK: stack}
    return dump(objects)


def dump(objects: Iterable[dict[str, Any]]) -> str:
    """Objects as manifests."""
    return yaml.dump_all(objects, Dumper=_dumper(), sort_keys=False)


def definitions_first(text: str) -> list[str]:
    """The text as it is, or in two parts when it holds definitions of kinds and other objects as well."""
    if "CustomResourceDefinition" not in text:
        return [text]
    objects = documents(text)
    first = [o for o in objects if o["kind"] in ("CustomResourceDefinition", "Namespace")]
    rest = [o for o in objects if o not in first]
    return [dump(part) for part in (first, rest) if part]


def definitions(text: str) -> list[str]:
    """Names of the kinds that manifests define."""
    if "CustomResourceDefinition" not in text:
        return []
    return [o["metadata"]["name"] for o in documents(text) if o["kind"] == "CustomResourceDefinition"]


def _items(document: Any) -> list[Any]:
    if isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document:
        return list(document["items"])
    return [document]


def _parsed(text: str, loader: Any) -> list[Any]:
    """The documents of a text, lists taken apart."""
    try:
        found = [document for document in yaml.load_all(text, loader) if document is not None]
    except yaml.YAMLError as error:
        raise SpecError([Problem(Path("manifests"), 1, "", str(error).replace("\n", " "))]) from error
    return [item for document in found for item in _items(document)]


def _dumper() -> type[yaml.SafeDumper]:
    return getattr(yaml, "CSafeDumper", yaml.SafeDumper)
