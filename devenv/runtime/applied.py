"""What a run applies for its stacks, remembered until a stack is ready and all of it is recorded.

Responsible for what belongs to a stack; what there is of it is asked by `devenv.adapters.kubernetes.cluster`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Objects = list[dict[str, Any]]
"""Of each the kind, name and namespace."""


@dataclass(slots=True)
class AppliedStack:
    """What was applied for one stack."""

    objects: Objects = field(default_factory=list)
    """All of it."""
    pinned: dict[str, Objects] = field(default_factory=dict)
    """By what names the manifests of a pinned module: those of the objects that are of it."""


class Applied:
    """The objects that this run has applied, by stack. The steps of a stack come one after the other."""

    def __init__(self) -> None:
        self._stacks: dict[str, AppliedStack] = {}

    def note(self, stack: str, objects: Iterable[Mapping[str, Any]], *, pinned: str = "") -> None:
        """Remember that a stack was worked on, and of each of its objects the kind, name and namespace.

        `pinned` names their manifests where these are a pinned module's.
        """
        outlines = [
            {
                "apiVersion": item["apiVersion"],
                "kind": item["kind"],
                "metadata": {part: item["metadata"].get(part) for part in ("name", "namespace")},
            }
            for item in objects
        ]
        applied = self._stacks.setdefault(stack, AppliedStack())
        applied.objects += outlines
        if pinned:
            applied.pinned[pinned] = outlines

    def take(self, stack: str) -> AppliedStack | None:
        """What was applied for a stack, which is forgotten here; None when it was not worked on."""
        return self._stacks.pop(stack, None)
