"""The rules of a .dockerignore file: which paths of a context are not sent to the builder.

Pure apart from reading the file. Follows the builder's own matching: patterns are rooted at the context, the
last one that matches decides, a match on a folder covers what is below, `!` includes, `**` spans folders.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self


@dataclass(frozen=True, slots=True)
class _Pattern:
    text: str
    includes: bool
    regex: re.Pattern[str]

    def matches(self, path: PurePosixPath) -> bool:
        """Whether it matches the path or a folder above it."""
        return any(self.regex.fullmatch(str(p)) for p in (path, *path.parents[:-1]))


class IgnoreRules:
    """The patterns of one ignore file, in order."""

    def __init__(self, lines: list[str]) -> None:
        self._patterns = [pattern for line in lines if (pattern := _parse(line))]

    @classmethod
    def of(cls, context: Path, dockerfile: Path) -> Self:
        """The rules for a build: `<Dockerfile>.dockerignore` if there is one, else the context's own."""
        for file in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
            if file.is_file():
                return cls(file.read_text("utf-8-sig", "replace").splitlines())
        return cls([])

    def ignores(self, path: PurePosixPath) -> bool:
        """Whether a path, relative to the context, is left out."""
        ignored = False
        for pattern in self._patterns:
            if pattern.includes == ignored and pattern.matches(path):
                ignored = not pattern.includes
        return ignored

    def may_include_below(self, folder: PurePosixPath) -> bool:
        """Whether something below an ignored folder may be included again."""
        prefix = f"{folder}/"
        return any(
            pattern.includes and (_has_wildcard(pattern.text) or f"{pattern.text}/".startswith(prefix))
            for pattern in self._patterns
        )


def _has_wildcard(text: str) -> bool:
    return any(character in text for character in "*?[\\")


def _parse(line: str) -> _Pattern | None:
    if line.startswith("#"):
        return None
    text = line.strip()
    includes = text.startswith("!")
    text = text.removeprefix("!").strip()
    if not text:
        return None
    text = posixpath.normpath(text).lstrip("/")
    if text in {"", "."}:
        return None
    return _Pattern(text, includes, re.compile(_regex(text)))


def _regex(pattern: str) -> str:
    """The pattern as a regular expression over whole paths."""
    out = ""
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
                out += "(?:.*/)?"
            else:
                out += ".*"
            continue
        if character == "[" and (end := pattern.find("]", at + 2)) > 0:
            inner = pattern[at + 1 : end].replace("\\", "\\\\")
            out += f"[{inner}]"
            at = end + 1
            continue
        if character == "\\" and at + 1 < len(pattern):
            at += 1
            out += re.escape(pattern[at])
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character))
        at += 1
    return out
