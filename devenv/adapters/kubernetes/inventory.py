"""What a stack was made of when it was ready, and how that differs from what there is now. Pure.

Responsible for the record and the comparison; the API is asked by `kubernetes`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

Inventory = Mapping[str, Mapping[str, str]]
"""Objects: the API's path of their kind, to `namespace/name` (or the name alone), to the mark of what was applied."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the cluster keeps of a stack that was ready."""

    content: str
    """Hash of what it was installed from."""
    objects: Inventory | None = None
    """What was applied for it, and its marks (`managed_fields.mark`) then; None where that is not known."""
    releases: tuple[str, ...] = ()
    """`namespace/name` of its Helm releases."""
    claims: Mapping[str, str] = field(default_factory=dict)
    """`namespace/name` of the volume claims of its StatefulSets, to their UIDs."""
    pinned: Mapping[str, Inventory] = field(default_factory=dict)
    """By what names the manifests of a pinned module: those of the objects that are of it."""

    def to_json(self) -> str:
        """As it is written into the ConfigMap."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Recorded:
        """What `to_json` wrote; a record that nobody can read counts as one of other content."""
        try:
            data = json.loads(text)
            objects = data.get("objects")
            known = None if objects is None else dict(objects)
            return cls(
                str(data["content"]),
                known,
                tuple(data.get("releases", ())),
                dict(data.get("claims", {})),
                dict(data.get("pinned", {})),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls("")

    def missing(self, present: Inventory) -> list[str]:
        """The objects that are gone, as `kind/namespace/name`; of kinds that were not looked at none is."""
        return [name for name, _, now in self._compared(present) if now is None]

    def changed(self, present: Inventory) -> list[str]:
        """The objects of which somebody else has changed what was applied, as `kind/namespace/name`."""
        return [name for name, mark, now in self._compared(present) if now is not None and now != mark]

    def untouched(self, present: Inventory) -> frozenset[str]:
        """Which manifests of pinned modules have all of their objects as they were applied, as far as it was looked."""
        return frozenset(
            name
            for name, objects in self.pinned.items()
            if all(
                present.get(path, {}).get(key) == mark for path, marks in objects.items() for key, mark in marks.items()
            )
        )

    def keeping(self, former: Recorded, names: Collection[str]) -> Recorded:
        """With what a former record names of manifests that were left as they are; their marks stay those of then."""
        kept = {name: former.pinned[name] for name in names if name in former.pinned}
        objects = {path: dict(marks) for path, marks in (self.objects or {}).items()}
        for inventory in kept.values():
            for path, marks in inventory.items():
                objects[path] = {**marks, **objects.get(path, {})}
        return replace(self, objects=objects, pinned={**kept, **self.pinned})

    def remarked(self, path: str, key: str, former: str, now: str) -> Recorded:
        """With another mark of one object that was changed and is as it was again, where it was untouched before."""

        def marked(inventory: Inventory) -> Inventory:
            marks = inventory.get(path, {})
            return {**inventory, path: {**marks, key: now}} if marks.get(key) == former else inventory

        objects = None if self.objects is None else marked(self.objects)
        return replace(self, objects=objects, pinned={name: marked(each) for name, each in self.pinned.items()})

    def _compared(self, present: Inventory) -> Iterator[tuple[str, str, str | None]]:
        """Name, mark when it was recorded, and mark now: None for what is gone."""
        for path, marks in (self.objects or {}).items():
            if path in present:
                kind = path.rpartition("/")[2]
                yield from ((f"{kind}/{name}", mark, present[path].get(name)) for name, mark in marks.items())
