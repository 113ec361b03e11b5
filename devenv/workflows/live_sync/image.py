"""One image whose sources are synced: what its containers have, and what they should have.

Responsible for the decision between a sync and a build. It talks to nobody; its user sees to it that one thread at a
time calls it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from devenv.images.build.watched import WatchedContext
from devenv.images.content.fingerprint import FileDigests
from devenv.images.sync.message import SyncParcel, pack
from devenv.images.sync.rules import SyncRules
from devenv.images.sync.tree import ContextTree, Tree, changes
from devenv.plan.image import Recipe
from devenv.spec.image_reference import normalise
from devenv.spec.sync_rule import SyncRule

_KEPT = 4
"""References of which it is known what they were built from: pods of older ones are on their way out."""


class SyncedImage:
    """What is known of an image, its containers and its sources."""

    def __init__(
        self, watched: WatchedContext, recipe: Recipe, rules: Sequence[SyncRule], digests: FileDigests
    ) -> None:
        self.name = watched.name
        self.watched = watched
        self.is_behind = False
        """Whether containers may have what their image has not."""
        self._rules = SyncRules(rules)
        self._looks = ContextTree(watched.context, recipe.dockerfile.resolve(), self._rules, digests)
        self._built: dict[str, Tree] = {}
        """Reference, in full form, to what it was built from."""
        self._latest = ""
        self._current: Tree | None = None
        self._wanted: Tree | None = None
        self._begun: Tree | None = None
        self._touched: set[Path] = set()
        self._held: dict[str, Tree] = {}
        """Container to what it has."""

    @property
    def references(self) -> Collection[str]:
        """The image's, in full form, whose containers can be synced."""
        return self._built.keys()

    def begin_round(self) -> None:
        """Note the sources that a build is about to be made from; the build tells where they cannot be read."""
        self._begun, self._touched = None, set()
        with suppress(OSError):
            self._begun = self._looks.read()

    def end_round(self, reference: str) -> None:
        """The image is now the one that was made from what there was when the round began."""
        self._latest = ""
        if self._begun is None:
            return
        try:
            # What was saved meanwhile is in neither.
            current = self._looks.after(self._begun, self._touched)
        except OSError:
            return  # as long as nothing is known of the sources, all is built
        self._latest = normalise(reference)
        self._built.pop(self._latest, None)
        self._built[self._latest] = self._begun
        for old in list(self._built)[:-_KEPT]:
            del self._built[old]
        self._current = current
        if not changes(self._begun, self._current).needs_build:
            self._wanted = self._current
        else:
            self._wanted = self._begun
        self._begun = None
        self.is_behind = self._wanted != self._built[self._latest]

    def save(self, paths: Iterable[Path]) -> bool:
        """Look at saved files of the context; whether all that its image lacks now can be synced.

        Raises:
            OSError: something cannot be read.
        """
        saved = frozenset(paths)
        below = [path for path in saved if path.is_relative_to(self.watched.context)]
        self._touched.update(below)
        if any(self.watched.decides(path) for path in saved):
            self._latest = ""  # until the next round: what is sent to the builder may be something else altogether
        if self._current is None or self._latest not in self._built:
            return False
        self._current = self._looks.after(self._current, below)
        if changes(self._built[self._latest], self._current).needs_build:
            return False
        self._wanted = self._current
        return True

    def parcels(self, containers: Iterable[tuple[str, str]]) -> list[tuple[SyncParcel, list[str]]]:
        """What has to be sent to which containers so that they have what was saved; raises OSError.

        Args:
            containers: ID and reference of each that runs; others are forgotten.
        """
        if self._wanted is None:
            return []
        self._held = {id_: self._held.get(id_, self._built[reference]) for id_, reference in containers}
        groups: dict[int, tuple[Tree, list[str]]] = {}
        for container, tree in self._held.items():
            if tree is not self._wanted:
                groups.setdefault(id(tree), (tree, []))[1].append(container)
        found = []
        for tree, members in groups.values():
            difference = changes(tree, self._wanted)
            commands = self._rules.commands(difference.paths)
            parcel = pack(difference, self.watched.context, commands)
            parcel = replace(parcel, restarts=self._rules.restarts(difference.paths))
            if parcel.entries:
                found.append((parcel, members))
            else:
                self.note(members)
        return found

    def note(self, containers: Iterable[str]) -> None:
        """These have what was saved."""
        for container in containers:
            if self._wanted is not None:
                self._held[container] = self._wanted
