"""Pages of the documentation as a reader follows them: commands with what they print, files that are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(r'^( *)```(\w+)(?: title="([^"]*)")?\n(.*?)^ *```', re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^ *\$ (.+)$")
_AT_THE_END = ", at the end"


@dataclass(frozen=True)
class Command:
    """Something that is typed."""

    line: str
    prints: tuple[str, ...] = ()
    """Lines that are among what it prints; `…` stands for anything."""
    stays: bool = False
    """Whether it is typed in a second terminal, and goes on while the reader does something else."""

    def is_answered_by(self, output: str) -> bool:
        """Whether that is what the page shows."""
        shown = (".*".join(re.escape(part) for part in line.split("…")) for line in self.prints)
        return all(re.search(rf"^{line}$", output, re.MULTILINE) for line in shown)


@dataclass(frozen=True)
class Written:
    """Something that is written into a file."""

    file: str
    text: str
    at_the_end: bool


def steps(page: str) -> Iterator[Command | Written]:
    """What a reader of a page does, in its order."""
    for block in _BLOCK.finditer(page):
        _, language, title, text = block.groups()
        if language == "console":
            yield from _commands(text, stays=title is not None)
        elif title:
            yield Written(title.removesuffix(_AT_THE_END), text, title.endswith(_AT_THE_END))


def _commands(text: str, *, stays: bool) -> Iterator[Command]:
    typed, prints = "", list[str]()
    for line in text.splitlines():
        if found := _COMMAND.match(line):
            if typed:
                yield Command(typed, tuple(prints), stays)
            typed, prints = found[1], []
        elif typed:
            prints.append(line.strip())
    if typed:
        yield Command(typed, tuple(prints), stays)
