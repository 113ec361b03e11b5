"""What a .dockerignore file leaves out of a context: the decisions of BuildKit, its odd ones included.

Pure apart from reading the file. An image's tag must depend on all that the builder is sent, so this follows BuildKit's
own code line by line: the file is read by `frontend/dockerfile/dockerignore` of moby/buildkit, patterns are matched by
`patternmatcher.go` of moby/patternmatcher, folders are entered as by `filter.go` of tonistiigi/fsutil. What they refuse
fails the build; here it leaves out nothing. `tests/integration/test_build_context.py` compares the two.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

_BOM = "\ufeff"
_GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Go's strings.TrimSpace takes away; Python's strip takes more."""
_WILD = re.compile(r"[*\[\]?\\]")
_SPECIAL = re.compile(r"[*\[\]?^\\]")
"""What fsutil takes for a wildcard, where patternmatcher takes `^` for a letter."""
_PLAIN_CLASS = re.compile(r"\[(\^?)((?:[\w.@%=,:;!](?:-\w)?)+)\]", re.ASCII)
"""A class of characters that means the same to Go and to Python; others are undecided."""
_LINKS = 255
"""How many links are followed to an ignore file."""


class _UndecidedError(Exception):
    """A pattern whose meaning only the builder knows."""


@dataclass(frozen=True, slots=True)
class IgnoreMatch:
    """What is decided of one path, and what that decides of those below it."""

    ignored: bool
    entered: bool
    """Of a folder: whether the builder looks into it."""
    matched: tuple[bool, ...]
    """For each pattern whether it has matched the path or one above it."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    text: str
    includes: bool
    matches: Callable[[str], bool]

    @property
    def start(self) -> str:
        """The text without a wildcard for everything at its end."""
        return self.text.removesuffix("/**").removesuffix("/*")


class IgnoreRules:
    """The patterns of one ignore file, in order."""

    def __init__(self, lines: list[str]) -> None:
        self._patterns = [pattern for line in lines if (pattern := _parse(line))]
        exceptions = [pattern.start for pattern in self._patterns if pattern.includes]
        self._enters_all = any(_SPECIAL.search(start) for start in exceptions)
        self._exceptions = tuple(f"{start}/" for start in exceptions)

    @classmethod
    def of(cls, context: Path, dockerfile: Path, also: Sequence[str] = ()) -> Self:
        """The rules for a build: `<Dockerfile>.dockerignore` if there is one, else the context's own; then `also`.

        A link is followed as the builder follows it, which sees the folder as the root of all paths.
        """
        for place in _places(context, dockerfile):
            file = _trail(place)[-1]
            if file.is_file():
                text = file.read_bytes().removeprefix(_BOM.encode()).decode("utf-8", "surrogateescape")
                return cls([*text.split("\n"), *also])
        return cls([*also])

    def match(self, path: str, above: IgnoreMatch | None) -> IgnoreMatch:
        """Decide of a path relative to the context, given what was decided of the folder that it is in."""
        ignored, matched = False, []
        for number, pattern in enumerate(self._patterns):
            match = above is not None and above.matched[number]
            # A pattern that cannot change what is decided is not tried, and does not count as matched further down.
            if not match and pattern.includes == ignored:
                match = pattern.matches(path)
            matched.append(match)
            if match:
                ignored = not pattern.includes
        entered = not ignored or self._enters_all or any(start.startswith(f"{path}/") for start in self._exceptions)
        return IgnoreMatch(ignored, entered, tuple(matched))

    def match_through(self, path: PurePosixPath) -> IgnoreMatch:
        """Decide of a path, by way of the folders above it."""
        match: IgnoreMatch | None = None
        for part in [*reversed(path.parents[:-1]), path]:
            if match and not match.entered:
                return match
            match = self.match(str(part), match)
        return match or IgnoreMatch(ignored=False, entered=True, matched=())

    def ignores(self, path: PurePosixPath) -> bool:
        """Whether a path, relative to the context, is left out."""
        return self.match_through(path).ignored


def ignore_files(context: Path, dockerfile: Path) -> list[Path]:
    """The files that decide what is ignored, whether they are there or not, and those that links among them name."""
    return [file for place in _places(context, dockerfile) for file in _trail(place)]


def _places(context: Path, dockerfile: Path) -> tuple[Path, Path]:
    return dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"


def _trail(place: Path) -> list[Path]:
    """The links by which the builder comes from a place to a file, then that file, which need not be there.

    To the builder the place's folder is the root of all paths, which none leads out of.
    """
    root = place.parent
    trail: list[Path] = []
    left, at = [place.name], PurePosixPath("/")
    while left and len(trail) <= _LINKS:
        at = PurePosixPath(posixpath.normpath(at / left.pop(0)))
        here = root / at.relative_to("/")
        if here.is_symlink():
            trail.append(here)
            target = PurePosixPath(os.readlink(here))  # noqa: PTH115 (the text itself, not a path made of it)
            at = PurePosixPath("/") if target.is_absolute() else at.parent
            left = [*(part for part in target.parts if part != "/"), *left]
    return [*trail, root / at.relative_to("/")]


def _parse(line: str) -> _Pattern | None:
    """The pattern of a line as it comes out of its two readers: the frontend, then the client that sends the files."""
    if line.startswith("#"):
        return None
    text = line.removesuffix("\r").strip(_GO_SPACE)
    if not text:
        return None
    inverted = text.startswith("!")
    text = text.removeprefix("!").strip(_GO_SPACE) if inverted else text
    if text:
        text = _clean(text)
        text = text.removeprefix("/") if len(text) > 1 else text
    text = _clean(("!" if inverted else "") + text)
    includes = text.startswith("!")
    text = text.removeprefix("!") if includes else text
    return _Pattern(text, includes, _matcher(text, undecided=includes)) if text else None


def _clean(path: str) -> str:
    """As Go's filepath.Clean, which knows no path with two slashes before it."""
    return posixpath.normpath(re.sub("^//+", "/", path))


def _matcher(text: str, *, undecided: bool) -> Callable[[str], bool]:
    """What a pattern matches; `undecided` where it means something to Go alone, so that rather too much counts."""
    if text.startswith("**") and not _WILD.search(text[2:]):
        suffix = text[2:]
        return lambda path: path.endswith(suffix) or path == suffix.removeprefix("/")
    if text.endswith("**") and not _WILD.search(text[:-2]):
        return lambda path: path.startswith(text[:-2])
    if not _WILD.search(text):
        return lambda path: path == text
    try:
        regex = re.compile(_expression(text))
    except (_UndecidedError, re.error):
        return lambda _: undecided
    return lambda path: regex.fullmatch(path) is not None


def _expression(text: str) -> str:
    """The pattern as a regular expression over whole paths; raises where Go's and Python's may differ."""
    out, at = "", 0
    text = text.removeprefix(_BOM)
    while at < len(text):
        character, step = text[at], 1
        if text.startswith("**", at):
            step = 3 if text.startswith("/", at + 2) else 2
            out += "(.*/)?" if at + step < len(text) else ".*"
        elif character == "[":
            found = _PLAIN_CLASS.match(text, at)
            if found is None:
                raise _UndecidedError
            out += found[0]
            step = len(found[0])
        elif character == "\\":
            following = text[at + 1 : at + 2]
            if not following or following.isalnum() or not following.isascii():
                raise _UndecidedError
            out += re.escape(following)
            step = 2
        else:
            out += {"*": "[^/]*", "?": "[^/]", "^": "^"}.get(character) or re.escape(character)
        at += step
    return out
