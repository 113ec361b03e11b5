"""What a run applies for its stacks, remembered until a stack is ready and all of it is recorded.

Responsible for what belongs to a stack; what there is of it is asked by `devenv.adapters.kubernetes.cluster`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Applied:
    """The objects that this run has applied, by stack. The steps of a stack come one after the other."""

    def __init__(self) -> None:
        self._objects: dict[str, list[dict[str, Any]]] = {}

    def note(self, stack: str, objects: Iterable[Mapping[str, Any]]) -> None:
        """Remember that a stack was worked on, and of each of its objects the kind, name and namespace."""
        self._objects.setdefault(stack, []).extend(
            {
                "apiVersion": item["apiVersion"],
                "kind": item["kind"],
                "metadata": {part: item["metadata"].get(part) for part in ("name", "namespace")},
            }
            for item in objects
        )

    def take(self, stack: str) -> list[dict[str, Any]] | None:
        """The objects of a stack, which are forgotten here; None when it was not worked on."""
        return self._objects.pop(stack, None)
