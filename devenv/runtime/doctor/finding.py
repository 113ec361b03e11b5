"""Findings of the doctor, and the kinds that there are: each described once, for the screen as for docs/doctor.md.

Responsible for values alone: nothing here looks at anything.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """`devenv up` will fail, or what is up cannot be used."""
    WARNING = "warning"
    """Something will fail later, under a condition that is named, or is slower than it has to be."""
    NOTE = "note"
    """Nothing is wrong; worth knowing when something else is."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What `--fix` does: commands, told before they are run, that can be undone."""

    what: str
    """Imperative: `Raise fs.inotify.max_user_instances from 128 to 512`."""
    commands: tuple[tuple[str, ...], ...]
    """Programs with their arguments, one after the other."""
    undo: str
    """The command that takes it back."""

    @property
    def typed(self) -> str:
        """The commands as one types them."""
        return "; ".join(shlex.join(command) for command in self.commands)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of findings."""

    id: str
    """Kebab-case; never changed."""
    severity: Severity
    """As a rule: a finding may be worse or milder."""
    title: str
    consequence: str
    """What will go wrong."""
    about: str
    """What is compared with what, what helps, and sources: a section of docs/doctor.md."""

    def found(self, summary: str, remedy: str, *, fix: Fix | None = None, severity: Severity | None = None) -> Finding:
        """A finding of this kind.

        Args:
            summary: what was found, with figures and names.
            remedy: the command that helps, or what to do where there is none.
            fix: what `--fix` may do, where that can be undone and this user may do it.
            severity: where it is not the kind's.
        """
        return Finding(self, severity or self.severity, summary, remedy, fix)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found."""

    kind: Kind
    severity: Severity
    summary: str
    remedy: str
    fix: Fix | None = None
