"""All problems of a specification at once, in one order."""

from __future__ import annotations

from collections.abc import Iterable

from devenv.errors import Problem, SpecError
from devenv.spec.read.discover import PROJECT_FILE


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once: devenv.yaml's first, then by file and line."""
    return sorted(set(problems), key=lambda p: (p.file.name != PROJECT_FILE, str(p.file), p.line, p.key, p.message))


def require_none(problems: Iterable[Problem]) -> None:
    """Raise SpecError with all of them, where there are any."""
    if found := ordered(problems):
        raise SpecError(found)
