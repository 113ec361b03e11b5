"""Names that are made from those of folders. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

_LONGEST_SERVICE, _LONGEST_PROJECT = 40, 30
_FALLBACK = "product"


def project_named(text: str) -> str:
    """A project's name after a folder."""
    return _plain(text, _LONGEST_PROJECT) or _FALLBACK


def service_named(text: str, project: str, taken: Collection[str]) -> str:
    """A name for a service, a database or a stack that nobody else has.

    Args:
        text: what it is to be called like.
        project: goes before a name that is taken.
        taken: those that others have.
    """
    plain = _plain(text, _LONGEST_SERVICE)
    name = plain if plain and plain[0].isalpha() else _plain(f"s-{plain or _FALLBACK}", _LONGEST_SERVICE)
    if name not in taken:
        return name
    own = _plain(f"{project if project[0].isalpha() else 'own'}-{name}", _LONGEST_SERVICE - 3)
    numbered = (f"{own}-{number}" for number in range(2, 100))
    return own if own not in taken else next(each for each in numbered if each not in taken)


def _plain(text: str, longest: int) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower().encode("ascii", "ignore").decode()).strip("-")[:longest].strip("-")
