"""Where objects of charts were written: a line of a template, or of the values that it takes there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from devenv.runtime.examination.place import Place, child, key_pattern, line_with, lines_of
from devenv.spec.kubernetes.finding import Rendered, mapping
from devenv.spec.workspace import LoadedStack
from devenv.spec.yaml.positions import Document, KeyPath
from devenv.spec.yaml.reader import read_yaml

_VALUES = re.compile(r"\.Values((?:\.\w+)+)")
_CONDITION = re.compile(r"\s*\{\{-?\s*(with|if|range)\b")
_IN_CHART = re.compile(r"(?:^|[\s(])(?:[^/\s(:]+/)?((?:charts/[^/\s]+/)*templates/[^\s:)]+):(\d+)")
_ABOVE = 2
"""How many lines above one a `with` or `if` may name the values that it takes."""


class ChartFiles:
    """A chart of a stack, with what gives it values in a profile: devenv.yaml is the last to be asked for."""

    def __init__(self, stack: LoadedStack, folder: Path, profile: str, project: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._profile = profile
        self._project = project

    def place(self, rendered: Rendered, template: str, path: KeyPath) -> Place:
        """Where a value of an object was written: in values that a template takes there, else in the template."""
        file = self._folder / template
        if not template or not file.is_file():
            return Place(self._fallback())
        lines = lines_of(file)
        number, left = _walk(lines, rendered, path)
        for dotted in _taken(lines, number):
            rest = [str(key) for key in left if isinstance(key, str)]
            if place := self._value((*dotted.strip(".").split("."), *rest), exact=len(dotted.strip(".").split("."))):
                return place
        return Place(file, max(number, 1))

    def failure(self, message: str) -> Place:
        """The line of a template that a message of Helm's names."""
        for found in _IN_CHART.finditer(message):
            if (file := self._folder / found[1]).is_file():
                return Place(file, int(found[2]))
        named = re.search(r"error on [^/\s]+/((?:charts/[^/\s]+/)*templates/[^\s:)]+)", message)
        line = re.search(r"line (\d+)", message)
        if named and (self._folder / named[1]).is_file():
            return Place(
                self._folder / named[1], min(int(line[1]) if line else 1, len(lines_of(self._folder / named[1])))
            )
        return Place(self._fallback())

    def _fallback(self) -> Path:
        own = self._stack.root / "stack.yaml"
        return own if own.is_file() else self._folder

    def _value(self, path: tuple[str, ...], exact: int) -> Place | None:
        """Where a value was given: the whole path, or as much of it as `exact` keys."""
        for length in range(len(path), exact - 1, -1):
            for document, prefix in self._givers:
                node = document.find((*prefix, *path[:length]))
                if node is not None and node.value is not None:
                    return Place(document.file, node.line)
        return None

    @cached_property
    def _givers(self) -> list[tuple[Document, KeyPath]]:
        """What has values, and where in it they begin: those first that go over others."""
        files: list[tuple[Path, KeyPath]] = [
            *((self._stack.root / name, ()) for name in reversed(self._stack.spec.values_files)),
            (self._stack.root / "values" / f"{self._profile}.yaml", ()),
            (self._stack.root / "stack.yaml", ("values",)),
            (self._folder / "values.yaml", ()),
        ]
        read = [(read_yaml(file, empty="").document, prefix) for file, prefix in files if file.is_file()]
        return [*self._of_project(), *((document, prefix) for document, prefix in read if document)]

    def _of_project(self) -> Iterator[tuple[Document, KeyPath]]:
        document = read_yaml(self._project, empty="").document if self._project.is_file() else None
        stacks = document.find(("stacks",)) if document else None
        for index, node in enumerate(stacks.value if stacks and isinstance(stacks.value, list) else []):
            name = node.child("name")
            if document and name is not None and name.value == self._stack.spec.name:
                yield document, ("stacks", index, "values")


def _walk(lines: Sequence[str], rendered: Rendered, path: KeyPath) -> tuple[int, KeyPath]:
    """The line of a template that the way to a value leads to, and the keys that are written elsewhere."""
    number = line_with(lines, rf"^\s*kind:\s*[\"']?{re.escape(rendered.kind)}[\"']?\s*$")
    name = line_with(lines, rf"^\s*(metadata:\s*\{{\s*)?name:\s*[\"']?{re.escape(rendered.name)}[\"']?[\s,}}]*$")
    number = max(number, name if path[:1] != ("kind",) and path[:1] != ("apiVersion",) else 0, 1)
    if path[:1] == ("apiVersion",):
        above = [n for n, text in enumerate(lines[:number], 1) if line_with([text], key_pattern("apiVersion"))]
        return (above[-1] if above else number), ()
    value: object = rendered.item
    reached = number
    for at, key in enumerate(path):
        value = child(value, key)
        if isinstance(key, int):
            named = mapping(value).get("name")
            there = line_with(lines, rf"-\s*(\{{\s*)?name:\s*[\"']?{re.escape(str(named))}[\"']?[\s,}}]*$", reached)
        else:
            there = line_with(lines, key_pattern(key), reached)
        if there:
            reached = there
        elif isinstance(key, str):
            return reached, path[at:]
    return reached, ()


def _taken(lines: Sequence[str], number: int) -> list[str]:
    """The values that a line of a template takes, or else the `with` and `if` right above it."""
    for line in range(number, max(number - _ABOVE, 1) - 1, -1):
        text = lines[line - 1] if line <= len(lines) else ""
        if (line == number or _CONDITION.match(text)) and (found := _VALUES.findall(text)):
            return list(found)
    return []
