"""What the planner is told of the present: plain facts, gathered by `devenv.runtime.observe.observe`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from devenv.plan.cluster_state import ClusterState
from devenv.plan.image import Image
from devenv.plan.replacement import Blockers
from devenv.plan.steps import CarriedFolder
from devenv.plan.tasks import ObservedTask


@dataclass(frozen=True, slots=True)
class ObservedStack:
    """A stack as the cluster records it."""

    content: str
    """Hash recorded when it was last ready; empty when it never was."""
    ready: bool
    pending: bool = False
    """A Helm release of it was left in a pending state."""
    missing: bool = False
    """A Helm release of it failed, or something that it is made of is gone."""
    recorded: bool = True
    """Whether the cluster's record says what it is made of: after a loss it has only what the Helm releases tell."""
    drifted: bool = False
    """Somebody has changed what it is made of, and that is to be put right."""
    synced: bool = False
    """`devenv dev` has put files into its pods, which are not what was built by that."""
    left_by: Literal["debug", "intercept"] | None = None
    """The command that had changed it for a while and was killed: it is to be given back."""
    untouched: frozenset[str] = frozenset()
    """What names the manifests of pinned modules that were applied and of which all is as it was then."""
    namespaces: frozenset[str] = frozenset()
    """Of the Helm releases that it consisted of when it was last ready."""


@dataclass(frozen=True, slots=True)
class ObservedImages:
    """The images that a plan may have to provide, and what there is of them."""

    described: Mapping[str, Image] = field(default_factory=dict)
    """By name, with all that they are made from."""
    in_engine: frozenset[str] = frozenset()
    """References that the engine has."""
    registries: Mapping[str, bool] = field(default_factory=dict)
    """Registry host to whether it answers; only those are asked that decide something."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Image to why its registry, which answers, does not give it: of those alone that can be made in its place."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The present state, as far as a plan depends on it."""

    cluster: ClusterState
    stacks: Mapping[str, ObservedStack] = field(default_factory=dict)
    tools_present: frozenset[str] = frozenset()
    modules_present: frozenset[str] = frozenset()
    images_on_nodes: frozenset[str] = frozenset()
    """References that every node holds."""
    images: ObservedImages = field(default_factory=ObservedImages)
    fresh_databases: frozenset[str] = frozenset()
    """Stacks whose databases hold nothing yet: what is in them after their migrations is nobody's."""
    proven_pins: frozenset[str] = frozenset()
    """Stacks that provably run what digests pin since they were installed."""
    blockers: Mapping[str, tuple[Blockers | None, ...]] = field(default_factory=dict)
    """Stack to what blocks each source that is applied, None where that is not known; no stack that has none."""

    tasks: Mapping[str, ObservedTask] = field(default_factory=dict)
    """By name, those that are wanted."""

    def untouched(self, stack: str) -> frozenset[str]:
        """What names the manifests of pinned modules that a stack has as they were applied."""
        return self.stacks[stack].untouched if stack in self.stacks else frozenset()


@dataclass(frozen=True, slots=True)
class StackInput:
    """One selected stack, rendered: what its steps are made of."""

    name: str
    root: Path
    values: str
    """Merged values with image references, JSON."""
    content: str
    """Hash of everything that the stack is made of."""
    images: Mapping[str, str]
    """Image name to the reference that its chart is given."""
    unpinned_content: str = ""
    """As `content`, if no digest pinned an image; empty where none does."""
    database_content: str = ""
    """Hash of the migrations and seeds of the database that the stack runs."""
    database_seeds: tuple[Path, ...] = ()
    """Files with what the database is seeded with, in order."""
    seeds: str = ""
    """The seeds document, JSON; empty for stacks without seeds."""
    domain: str = ""
    licensed: bool = False
    """Whether the user holds the token that the stack knows to use."""
    sources: tuple[str, ...] = ()
    """Absolute path per source of the stack's own files; empty for other origins."""
    pinned: Mapping[int, str] = field(default_factory=dict)
    """By its place, what names the manifests of each source of a pinned module: one name, the same manifests."""
    kustomize_images: tuple[tuple[str, str], ...] = ()
    """Name in the kustomizations' manifests to the reference that takes its place."""
    config_maps: tuple[CarriedFolder, ...] = ()
    """Folders for the pods of its charts."""
    renewed: bool = False
    """Whether its database is reset to a pristine state that is made anew before it."""
