"""What is wrong with an object that was rendered, before it is known where that was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from devenv.spec.yaml.positions import KeyPath

Json = Mapping[str, Any]
Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an object."""

    rule: str
    """Which rule it breaks, in kebab case: `unknown-field`."""
    level: Level
    path: KeyPath
    """Its place in the object."""
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One object as Helm or kustomize makes it, and where it comes to."""

    stack: str
    namespace: str
    """Its own, or the stack's where it names none."""
    item: Json

    @property
    def kind(self) -> str:
        return str(self.item.get("kind", ""))

    @property
    def name(self) -> str:
        return str(mapping(self.item, "metadata").get("name", ""))

    @property
    def group(self) -> str:
        """The group of its kind; empty for Kubernetes' core."""
        return str(self.item.get("apiVersion", "")).rpartition("/")[0]


def mapping(value: Any, *keys: str) -> Json:
    """What lies at these keys, where that is a mapping; else an empty one."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def entries(value: Any, *keys: str) -> list[tuple[KeyPath, Json]]:
    """The mappings in the list at these keys, each with its place."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    items = value if isinstance(value, list) else []
    return [((*keys, index), item) for index, item in enumerate(items) if isinstance(item, Mapping)]
