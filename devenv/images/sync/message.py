"""What a node's receiver is told: which containers get which files. The receiver itself is `receiver.pl`.

Responsible for the words of both; who sends them is `receiver`'s concern.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from devenv.images.sync.tree import TreeChanges, TreeEntry

Outcome = Literal["done", "gone", "failed", "ran"]
_OUTCOMES: tuple[Outcome, ...] = ("done", "gone", "failed", "ran")
OVER = "over"
"""What a receiver says after all containers of a message."""


@dataclass(frozen=True, slots=True)
class SyncParcel:
    """Files for containers, ready to be sent."""

    entries: tuple[bytes, ...] = ()
    """Each as the receiver reads it."""
    files: int = 0
    """How many files, folders and links come, change or go."""
    size: int = 0
    """Bytes of content."""
    commands: tuple[tuple[str, ...], ...] = field(default=())
    """What runs in each container afterwards."""
    restarts: bool = False
    """Whether each container's program is started anew in the end, where a supervisor has started it."""

    def addressed(self, containers: Sequence[str]) -> bytes:
        """The message for a node, to its containers of these IDs."""
        head = f"sync {len(containers)} {len(self.entries)} {len(self.commands)} {int(self.restarts)}\n"
        ids = "".join(f"{container}\n" for container in containers)
        commands = "".join(" ".join(_hex(part) for part in command) + "\n" for command in self.commands)
        return b"".join([head.encode(), ids.encode(), *self.entries, commands.encode()])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver says of one container."""

    outcome: Outcome
    container: str
    status: int = 0
    """Of a command that ran."""
    text: str = ""
    """Why it failed, or what a command has printed."""

    @classmethod
    def parse(cls, line: str) -> Answer | None:
        """From a line of the receiver's; None for any other, such as a warning of perl's."""
        try:
            word, container, *rest = line.split(" ")
            outcome = next(known for known in _OUTCOMES if known == word)
            if outcome == "ran":
                _, status, *printed = rest
                return cls(outcome, container, int(status), _text(printed))
            return cls(outcome, container, text=_text(rest))
        except (ValueError, StopIteration):
            return None


def pack(changes: TreeChanges, context: Path, commands: tuple[tuple[str, ...], ...]) -> SyncParcel:
    """The changes with the files' contents as they are now; what is gone meanwhile is left to the next sync.

    What was of another kind goes first, and what is gone last, so that a file that is renamed is never away. Raises
    OSError when a file cannot be read.
    """
    leading, entries, size = [], [], 0
    kept: set[str] = set()
    for path, (entry, before) in sorted(changes.changed.items()):
        if before and before.kind != entry.kind:
            leading += [_line("remove", target) for target in entry.targets]
        kept.update(entry.targets)
        try:
            content = _content(entry, context / path)
        except FileNotFoundError:
            continue
        entries += [_written(entry, before, target, content) for target in entry.targets]
        size += len(content) if entry.kind == "file" else 0
    gone = [target for _, entry in sorted(changes.removed.items(), reverse=True) for target in entry.targets]
    trailing = [_line("remove", target) for target in gone if target not in kept]
    return SyncParcel((*leading, *entries, *trailing), len(entries) + len(trailing), size, commands)


def _content(entry: TreeEntry, file: Path) -> bytes:
    if entry.kind == "file":
        return file.read_bytes()
    return entry.content.encode("utf-8", "surrogateescape")


def _written(entry: TreeEntry, before: TreeEntry | None, target: str, content: bytes) -> bytes:
    # A mode that nobody changed here stays as the Dockerfile may have set it there.
    is_new_file = before is None and entry.kind == "file"
    is_set = is_new_file or (before is not None and (before.kind, before.mode) != (entry.kind, entry.mode))
    return _line(entry.kind, target, entry.mode, content, is_set=is_set)


def _line(kind: str, target: str, mode: int = 0, content: bytes = b"", *, is_set: bool = False) -> bytes:
    return f"{kind} {_hex(target)} {mode:o} {int(is_set)} {len(content)}\n".encode() + content


def _hex(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").hex()


def _text(words: Sequence[str]) -> str:
    return b"".join(bytes.fromhex(word) for word in words).decode(errors="replace").strip()


def by_node(containers: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Containers, given with their nodes, as each node's."""
    for node in sorted(set(containers.values())):
        yield node, [container for container, at in containers.items() if at == node]
