"""An error as text: what failed, the facts that explain it, and what to do next.

Responsible for wording errors for people, on screen and in files. It decides nothing and exits nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from devenv.errors import DevenvError, Problem, SpecError
from devenv.ui.wording import clean

_HIDDEN = frozenset({"traceback"})
"""What only those who work on devenv need: it belongs into files, not onto the screen."""


def render(error: DevenvError, *, folder: Path | None = None, details: bool = False) -> str:
    """The error as lines of plain text.

    Args:
        error: what to show.
        folder: paths below it are shown relative to it.
        details: also show what is of use to those who work on devenv, such as a traceback.
    """
    lines = [f"error: {clean(error.message)} [{error.code}]"]
    if isinstance(error, SpecError):
        lines.extend(_problems(error, folder))
    for label, text in error.context.items():
        if text.strip() and (details or label not in _HIDDEN):
            lines.extend(_fact(label, clean(text)))
    lines.extend(f"note: {clean(note)}" for note in getattr(error, "__notes__", ()))
    if error.hint:
        first, *rest = clean(error.hint).splitlines()
        lines.append(f"hint: {first}")
        lines.extend(f"      {line}" for line in rest)
    return "\n".join(lines)


def indent(text: str, margin: str) -> str:
    """The text with a margin before each of its lines that are not empty."""
    return "\n".join(f"{margin}{line}" if line else "" for line in text.split("\n"))


def _fact(label: str, text: str) -> Iterator[str]:
    lines = text.strip("\n").splitlines()
    if len(lines) == 1:
        yield f"  {label}: {lines[0].strip()}"
        return
    yield f"  {label}:"
    yield from (f"    | {line.rstrip()}".rstrip() for line in lines)


def _problems(error: SpecError, folder: Path | None) -> Iterator[str]:
    ordered = sorted(error.problems, key=lambda p: (str(p.file), p.line, p.key))
    for file, problems in groupby(ordered, key=lambda p: p.file):
        yield from _table(_shown(file, folder), list(problems))


def _table(file: str, problems: list[Problem]) -> Iterator[str]:
    """One row per problem; `file:line` stays in one word, so that editors and terminals make it a link."""
    places = [f"{file}:{problem.line}" for problem in problems]
    width = max(len(place) for place in places)
    key_width = max(len(problem.key) for problem in problems)
    for place, problem in zip(places, problems, strict=True):
        head = f"  {place:<{width}}  " + (f"{problem.key:<{key_width}}  " if key_width else "")
        first, *rest = clean(problem.message).splitlines() or [""]
        yield f"{head}{first}".rstrip()
        margin = " " * len(head)
        yield from (f"{margin}{line}" for line in rest)
        if problem.hint:
            yield f"{margin}hint: {clean(problem.hint)}"


def _shown(file: Path, folder: Path | None) -> str:
    return str(file.relative_to(folder)) if folder and file.is_relative_to(folder) else str(file)
