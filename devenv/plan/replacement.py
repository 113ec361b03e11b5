"""What blocks a stack from being applied, since Kubernetes does not let it be changed, and what is done about it.

Plain data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kept(StrEnum):
    """What of an object outlives its replacement; the words end the title of the step."""

    PODS = "its pods go on"
    """The object alone is deleted; the one that takes its place adopts the pods."""
    VOLUMES = "its pods start anew"
    """The pods go with it, since the new one does not select them or would not give them their names. Their volumes
    stay."""
    NOTHING = ""
    """There is nothing else to it, or it is lost; then `Replacement.loss` says what."""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object as the API server knows it."""

    version: str
    """`apps/v1`."""
    kind: str
    namespace: str
    """Empty for kinds that have none."""
    name: str
    uid: str
    """Of the very object that was looked at: another of the same name is left alone."""

    @property
    def display_name(self) -> str:
        """The object for people: `statefulset redis`."""
        return f"{self.kind.lower()} {self.name}"


@dataclass(frozen=True, slots=True)
class Growth:
    """A volume claim that is smaller than it is wanted, of a class that lets it grow."""

    claim: ObjectRef
    former: str
    size: str
    applied: bool = False
    """Whether the manifest that is applied afterwards is the claim's own, and says its size."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """An object that is deleted, so that the one that is wanted can be created in its place."""

    object: ObjectRef
    why: str
    """What differs and cannot be changed."""
    kept: Kept = Kept.NOTHING
    loss: str = ""
    """What is lost by it, in words; nobody is asked where that is nothing."""


@dataclass(frozen=True, slots=True)
class Blockers:
    """What blocks one source of a stack from being applied, and what its removals lose."""

    growths: tuple[Growth, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    removal_losses: tuple[str, ...] = ()
    """What is lost with objects that are removed, since they are not wanted any more, in words."""

    def __add__(self, other: Blockers) -> Blockers:
        return Blockers(
            self.growths + other.growths,
            self.replacements + other.replacements,
            self.removal_losses + other.removal_losses,
        )

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.growths or self.replacements)

    @property
    def losses(self) -> tuple[str, ...]:
        """What would be lost."""
        return (*(r.loss for r in self.replacements if r.loss), *self.removal_losses)
