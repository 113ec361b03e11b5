"""A sketch as the text of a devenv.yaml: short, with comments for those who read one for the first time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from devenv.scaffold.sketch import Entry, Sketch

_HEAD = """\
# `devenv up` brings this to life, `devenv dev` follows what you save, `devenv down` takes it away again.
# Further keys: docs/services.md of devenv; `devenv add redis` adds a stack, `devenv validate` checks this file.
"""
_OF_COMPOSE = "; with `databases: built-in` its databases are devenv's own"
_WIDTH = 120
_INDENT = "  "


def document(sketch: Sketch) -> str:
    """The text."""
    return _HEAD + "".join(f"{line}\n" for line in _lines(sketch))


def flow(value: Any) -> str:
    """A value in one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")


def _lines(sketch: Sketch) -> Iterator[str]:
    yield f"project: {flow(sketch.project)}"
    if sketch.imports:
        (one,) = sketch.imports
        comment = _OF_COMPOSE if "compose" in one else ""
        yield f"imports: {flow(dict(one))} # read anew at each run{comment}"
    for key, entries in (("services", sketch.services), ("databases", sketch.databases), ("images", sketch.images)):
        if entries:
            yield f"{key}:"
            for entry in entries:
                yield from _entry(entry)
    if sketch.stacks:
        yield "stacks:"
        yield from (f"{_INDENT}- name: {flow(name)}" for name in sketch.stacks)
        yield f"stack_paths: {flow(list(sketch.stack_paths))}"


def _entry(entry: Entry) -> Iterator[str]:
    comment = f" # {_plain(entry.comment)}" if entry.comment else ""
    short = f"{_INDENT}{flow(entry.name)}: {flow(dict(entry.spec))}"
    if not entry.remarks and len(entry.spec) <= 3 and len(short) + len(comment) <= _WIDTH:  # noqa: PLR2004 -- what is taken in at a glance
        yield short + comment
        return
    yield f"{_INDENT}{flow(entry.name)}:{comment}"
    for key, value in entry.spec.items():
        yield from _value(key, value)
    yield from (f"{_INDENT * 2}# {_plain(remark)}" for remark in entry.remarks)


def _value(key: str, value: Any) -> Iterator[str]:
    line = f"{_INDENT * 2}{flow(key)}: {flow(value)}"
    if len(line) <= _WIDTH or not isinstance(value, Mapping | Sequence) or isinstance(value, str):
        yield line
        return
    yield f"{_INDENT * 2}{flow(key)}:"
    if isinstance(value, Mapping):
        yield from (f"{_INDENT * 3}{flow(name)}: {flow(below)}" for name, below in value.items())
    else:
        yield from (f"{_INDENT * 3}- {flow(item)}" for item in value)


def _plain(text: str) -> str:
    """In one line of printable characters."""
    return "".join(character if character.isprintable() else "?" for character in text)
