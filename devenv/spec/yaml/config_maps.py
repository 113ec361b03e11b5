"""ConfigMaps with a label in manifests, and where in the file each of their texts begins.

Responsible for what is written out: a file that is no YAML, or a template of a chart, has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devenv.spec.yaml.loader import SafeLoader


@dataclass(frozen=True, slots=True)
class CarriedText:
    """One entry of a ConfigMap's data."""

    key: str
    text: str
    line: int
    """Of the file, 1-based: where the text's first line stands."""


def carried_texts(content: bytes, label: str, value: str = "true") -> Iterator[CarriedText]:
    """The entries of the ConfigMaps among a file's documents that have the label with the value."""
    try:
        documents = list(yaml.compose_all(content, SafeLoader))
    except yaml.YAMLError:
        return
    for document in documents:
        fields = _fields(document)
        if fields.get("kind") is None or fields["kind"].value != "ConfigMap":
            continue
        labels = _fields(_fields(fields.get("metadata")).get("labels"))
        if label in labels and labels[label].value == value:
            for key, node in _fields(fields.get("data")).items():
                if isinstance(node.value, str):
                    # A block begins on the line after its mark.
                    begins = node.start_mark.line + (2 if node.style in ("|", ">") else 1)
                    yield CarriedText(key, node.value, begins)


def mentions(file: Path, label: str) -> bytes | None:
    """A file's content where the label is in it at all, so that few files are parsed."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    return content if label.encode() in content else None


def _fields(node: Any) -> dict[str, Any]:
    """The values of a mapping by key; none of anything else."""
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
