"""What every step of a plan has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step's names, as format strings over its own fields (`self`).

    Where another step needs to name it, its key is made by a function beside it instead.
    """

    KEY: ClassVar[str] = ""
    TITLE: ClassVar[str]
    GROUP: ClassVar[str]

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return self.KEY.format(self=self)

    @property
    def title(self) -> str:
        """What it does, imperative, for people."""
        return self.TITLE.format(self=self)

    @property
    def group(self) -> str:
        """Where it is shown."""
        return self.GROUP.format(self=self)
