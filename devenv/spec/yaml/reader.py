"""A YAML file in, a tree of values with lines or a list of problems out; no input makes it do anything else.

Responsible for files, encoding and syntax; the tree is built event by event, so that a limit is met before
anything large has been made. What keys mean is not its concern.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from devenv.errors import Problem
from devenv.spec.yaml.loader import SafeLoader
from devenv.spec.yaml.positions import Document, Node
from devenv.spec.yaml.text import NotTextError, decode
from devenv.spec.yaml.tree import TreeBuilder, TreeError

MAX_BYTES = 1024 * 1024
_MEANINGS = {
    "mapping values are not allowed": "a colon is not expected here",
    "could not find expected ':'": "a colon is missing after a key",
    "did not find expected key": "a key is expected here",
    "expected <block end>": "a key is expected here",
    "did not find expected '-' indicator": "a list entry is expected here",
    "found unexpected end of stream": "a quote or bracket is not closed",
    "did not find expected ',' or": "a comma or closing bracket is missing",
    "expected ',' or": "a comma or closing bracket is missing",
    "did not find expected node content": "a value is expected here",
    "expected the node content": "a value is expected here",
    "found undefined tag handle": "this tag is not known",
}


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a file gave: a document, problems, or (duplicate keys, say) both."""

    document: Document | None
    problems: tuple[Problem, ...] = ()


def read_yaml(file: Path, *, empty: str = "the file is empty", empty_hint: str = "") -> Read:
    """Read a file that holds one YAML mapping.

    Args:
        file: the file; problems name it as given.
        empty: what to say of an empty file; no problem at all when this is the empty string.
        empty_hint: what to do about an empty file.
    """
    content = _content(file)
    return content if isinstance(content, Read) else parse_yaml(content, file, empty=empty, empty_hint=empty_hint)


def _content(file: Path) -> bytes | Read:
    """What is in a file, up to a byte more than is taken, or why that cannot be told."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return _failed(file, 1, "a file is expected here, and this is none")
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _failed(file, 1, f"the file cannot be read: {(error.strerror or str(error)).lower()}")


def read_all_yaml(file: Path, *, empty_hint: str = "") -> list[Read]:
    """Read a file that holds one YAML mapping or several, each with the lines that it has in the file.

    What is wrong with one document ends the reading: nothing is known of those behind it. Empty ones are passed over.
    """
    content = _content(file)
    if isinstance(content, Read):
        return [content]
    text = _text(content, file)
    if isinstance(text, Read):
        return [text]
    found: list[Read] = []
    try:
        for root, builder in _documents(text):
            read = _checked_root(file, root, builder, "", "")
            found += [read] if read.problems or (read.document and read.document.root.value) else []
    except (TreeError, yaml.MarkedYAMLError, yaml.reader.ReaderError) as error:
        found.append(_refused(file, text, error))
    return found or [_failed(file, 1, "the file is empty", empty_hint)]


def parse_yaml(content: bytes, file: Path, *, empty: str = "the file is empty", empty_hint: str = "") -> Read:
    """As `read_yaml`, for content that has been read."""
    text = _text(content, file)
    if isinstance(text, Read):
        return text
    builder = TreeBuilder()
    try:
        for event in _events(text):
            builder.feed(event)
        root = builder.finish()
    except (TreeError, yaml.MarkedYAMLError, yaml.reader.ReaderError) as error:
        return _refused(file, text, error)
    return _checked_root(file, root, builder, empty, empty_hint)


def _text(content: bytes, file: Path) -> str | Read:
    """The text of a file, or why it has none."""
    if len(content) > MAX_BYTES:
        return _failed(file, 1, f"the file is larger than {MAX_BYTES // 1024} KiB")
    try:
        return decode(content)
    except NotTextError as error:
        return _failed(file, error.line, error.message, error.hint)


def _refused(file: Path, text: str, error: TreeError | yaml.MarkedYAMLError | yaml.reader.ReaderError) -> Read:
    """Why a text is not read any further."""
    if isinstance(error, TreeError):
        return _failed(file, error.line, str(error), error.hint)
    if isinstance(error, yaml.MarkedYAMLError):
        return Read(None, (_syntax_problem(file, text, error),))
    return _failed(file, *_unreadable(text, error))


def parse_objects(text: str, file: Path) -> Iterator[Document]:
    """The mappings among a text's documents, those of Lists one by one; none from where it is not YAML onwards."""
    try:
        for root, _ in _documents(text):
            yield from _objects(root, file)
    except (TreeError, yaml.YAMLError):
        return


def _documents(text: str) -> Iterator[tuple[Node | None, TreeBuilder]]:
    """Each document of a text when it has ended, with what has built it."""
    builder = TreeBuilder()
    for event in _events(text):
        if isinstance(event, yaml.DocumentStartEvent):
            builder = TreeBuilder()
        builder.feed(event)
        if isinstance(event, yaml.DocumentEndEvent):
            yield builder.finish(), builder


def _objects(root: Node | None, file: Path) -> Iterator[Document]:
    if root is None or not isinstance(root.value, dict):
        return
    kind, items = root.child("kind"), root.child("items")
    if kind and kind.value == "List" and items and isinstance(items.value, list):
        for item in items.value:
            yield from _objects(item, file)
    else:
        yield Document(file, replace(root, label=""))


def _events(text: str) -> Iterator[Any]:
    loader = SafeLoader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _checked_root(file: Path, root: Node | None, builder: TreeBuilder, empty: str, empty_hint: str) -> Read:
    problems = [Problem(file, found.line, found.key, found.message, found.hint) for found in builder.problems]
    if root is None or root.value is None:
        if empty:
            problems.append(Problem(file, 1, "", empty, empty_hint))
            return Read(None, tuple(problems))
        root = Node({}, 1)
    if not isinstance(root.value, dict):
        kind = "a list" if isinstance(root.value, list) else "a single value"
        problems.append(
            Problem(file, root.line, "", f"a mapping is expected, found {kind}", "write `key: value` lines")
        )
        return Read(None, tuple(problems))
    return Read(Document(file, replace(root, label="")), tuple(problems))


def _syntax_problem(file: Path, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    index = min(mark.line if mark else 0, len(lines) - 1)
    line = lines[index]
    indentation = line[: len(line) - len(line.lstrip())]
    at_mark = line[mark.column : mark.column + 1] if mark else ""
    if "\t" in indentation or at_mark == "\t":
        return Problem(file, index + 1, "", "a tab is used where YAML wants spaces", "indent with spaces")
    said = error.problem or error.context or "it cannot be parsed"
    if at_mark and at_mark in "@`%":
        return Problem(file, index + 1, "", f"no value can begin with {at_mark}", "put the value in quotes")
    for start, meaning in _MEANINGS.items():
        if said.startswith(start):
            return Problem(
                file,
                index + 1,
                "",
                f"not valid YAML: {meaning}",
                "check the indentation, colons and quotes here",
            )
    return Problem(file, index + 1, "", f"not valid YAML: {said}")


def _unreadable(text: str, error: yaml.reader.ReaderError) -> tuple[int, str, str]:
    position = error.position if isinstance(error.position, int) else 0
    line = text.count("\n", 0, position) + 1
    return (
        line,
        "the file holds a control character that YAML does not allow",
        "remove it, or write it as an escape",
    )


def _failed(file: Path, line: int, message: str, hint: str = "") -> Read:
    return Read(None, (Problem(file, line, "", message, hint),))
