"""Builds the tree of values from YAML parser events, within limits.

Responsible for keys, merges, aliases, tags and their limits. It knows neither files nor models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from devenv.spec.yaml.positions import Node, Scalar
from devenv.spec.yaml.scalars import NotJsonError, scalar

MAX_DEPTH = 40
MAX_VALUES = 100_000
"""Aliases expanded: ten lines of YAML can name a billion values."""

_TAG = "tag:yaml.org,2002:"
_MERGE = "<<"
_CONTAINER_TAGS = (None, "!", _TAG + "map", _TAG + "seq")


class TreeError(Exception):
    """The document cannot be read any further."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        """Say where and why."""
        super().__init__(message)
        self.line = line
        self.hint = hint


@dataclass(frozen=True, slots=True)
class TreeProblem:
    """Something wrong that does not keep the rest from being read."""

    line: int
    key: str
    message: str
    hint: str = ""


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    line: int
    anchor: str | None
    items: list[Node] | None = None
    """None for a mapping."""
    entries: dict[str, Node] = field(default_factory=dict)
    merged: list[Node] = field(default_factory=list)
    key: str | None = None
    key_line: int = 0
    is_merge: bool = False
    size: int = 1


class TreeBuilder:
    """Takes events one by one; `finish` gives the root, None for an empty document."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self.problems: list[TreeProblem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._root: Node | None = None
        self._documents = 0

    def feed(self, event: Any) -> None:
        """Take one event.

        Raises:
            TreeError: too deep, too much, a second document, or an alias or key that cannot be meant.
        """
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise TreeError(line, "a second document begins here", "keep one document in the file")
            case yaml.AliasEvent():
                self._add(self._aliased(str(event.anchor), line), None, line)
            case yaml.ScalarEvent():
                self._scalar(event, line)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event, line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case _:
                pass

    def finish(self) -> Node | None:
        return self._root

    def _begin(self, event: Any, line: int) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise TreeError(line, f"values are nested deeper than {MAX_DEPTH} levels")
        self._refuse_key(line)
        if event.tag not in _CONTAINER_TAGS:
            self._add_problem(line, f"the tag {_short(event.tag)} is not supported", "remove the tag")
        items: list[Node] | None = [] if isinstance(event, yaml.SequenceStartEvent) else None
        self._open.append(_Open(line, event.anchor, items))

    def _refuse_key(self, line: int) -> None:
        if self._open and self._open[-1].items is None and self._open[-1].key is None:
            raise TreeError(line, "a mapping or list is used as a key", "put text with braces or brackets in quotes")

    def _end(self) -> None:
        top = self._open.pop()
        if top.items is not None:
            self._add(Node(top.items, top.line, size=top.size), top.anchor, top.line)
            return
        entries: dict[str, Node] = {}
        for source in reversed(top.merged):
            entries.update(source.value if isinstance(source.value, Mapping) else {})
        self._add(Node({**entries, **top.entries}, top.line, size=top.size), top.anchor, top.line)

    def _scalar(self, event: Any, line: int) -> None:
        parent = self._open[-1] if self._open else None
        if parent is not None and parent.items is None and parent.key is None:
            self._key(parent, event, line)
            return
        self._add(Node(self._value(event, line), line, text=event.value), event.anchor, line)

    def _key(self, parent: _Open, event: Any, line: int) -> None:
        if _is_unusable(event.value):
            raise TreeError(line, "the key holds a character that no other program accepts")
        parent.key, parent.key_line = event.value, line
        parent.is_merge = event.value == _MERGE and event.implicit[0]
        if event.anchor:
            self._anchors[event.anchor] = Node(event.value, line, text=event.value)
        if not event.value and event.implicit[0]:
            self._add_problem(line, "a key is missing before the colon")
        elif event.value in parent.entries and not parent.is_merge:
            first = parent.entries[event.value].line
            self._add_problem(line, f"the key is there twice, first on line {first}", "keep one of the two")

    def _value(self, event: Any, line: int) -> Scalar:
        text: str = event.value
        if _is_unusable(text):
            self._add_problem(line, "the text holds a character that no other program accepts")
            return ""
        if event.tag not in (None, "!", *(_TAG + kind for kind in ("str", "int", "float", "bool", "null"))):
            self._add_problem(line, f"the tag {_short(event.tag)} is not supported", "remove the tag")
            return text
        if event.tag in ("!", _TAG + "str") or (event.tag is None and not event.implicit[0]):
            return text
        try:
            return scalar(text)
        except NotJsonError:
            self._add_problem(
                line,
                f"the number {_short(text)} cannot be written in JSON",
                "write a smaller number, or quote it",
            )
            return 0

    def _aliased(self, name: str, line: int) -> Node:
        self._refuse_key(line)
        node = self._anchors.get(name)
        if node is None:
            raise TreeError(line, f"the alias *{_short(name)} names no complete value above")
        return replace(node, line=line)

    def _add(self, node: Node, anchor: str | None, line: int) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        parent.size += node.size
        if parent.size > MAX_VALUES:
            raise TreeError(line, f"more than {MAX_VALUES} values, aliases expanded")
        if parent.items is not None:
            parent.items.append(replace(node, label=len(parent.items)))
            return
        key, parent.key = parent.key or "", None
        if parent.is_merge:
            parent.is_merge = False
            self._merge(parent, node)
        else:
            parent.entries[key] = replace(node, label=key, line=parent.key_line)

    def _merge(self, parent: _Open, node: Node) -> None:
        sources = node.value if isinstance(node.value, list) else [node]
        if all(isinstance(source.value, Mapping) for source in sources):
            parent.merged.extend(sources)
        else:
            self._add_problem(parent.key_line, "<< takes a mapping or a list of mappings")

    def _add_problem(self, line: int, message: str, hint: str = "") -> None:
        keys: list[str] = []
        for frame in self._open:
            if frame.items is not None:
                keys.append(f"[{len(frame.items)}]")
            elif frame.key:
                keys.append(frame.key if not keys else f".{frame.key}")
        self.problems.append(TreeProblem(line, "".join(keys), message, hint))


def _is_unusable(text: str) -> bool:
    """True for NUL, which ends strings elsewhere, and for half a character, which cannot be encoded."""
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _short(text: str, width: int = 40) -> str:
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return printable if len(printable) <= width else printable[: width - 1] + "…"
