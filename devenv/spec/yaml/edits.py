"""Changes of a YAML file that somebody wrote, which leave all else of it as it is: comments, order, spaces.

Responsible for the text. What cannot be changed in this way is left to its author: then there is no new text.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from devenv.spec.yaml.loader import SafeLoader

_BLOCK_SCALARS = ("|", ">")


@dataclass(frozen=True, slots=True)
class Removal:
    """A text without one of its entries."""

    text: str
    removed: str
    """The lines of the entry."""


def without_entry(text: str, mapping: str, key: str) -> Removal | None:
    """The text without an entry of one of its mappings; without that as well, where nothing else is in it.

    None where the entry does not have lines of its own.
    """
    root = _root(text)
    parent = _entry(root, mapping) if root else None
    if parent is None or not isinstance(parent[1], yaml.MappingNode) or parent[1].flow_style:
        return None
    found = _entry(parent[1], key)
    if found is None:
        return None
    first, last = _lines(*(found if len(parent[1].value) > 1 else parent))
    own_first, own_last = _lines(*found)
    lines = text.splitlines(keepends=True)
    return Removal("".join([*lines[:first], *lines[last + 1 :]]), "".join(lines[own_first : own_last + 1]))


def with_list_item(text: str, key: str, item: str, *, in_flow: str = "") -> str | None:
    """The text with an item at the end of one of its lists, which is made where there is none.

    Args:
        text: a mapping in YAML.
        key: of the list.
        item: in YAML, on one line.
        in_flow: the same as it is written in brackets, where that is otherwise.
    """
    return _with_line(text, key, yaml.SequenceNode, f"- {item}", in_flow or item)


def with_entry(text: str, mapping: str, key: str, value: str) -> str | None:
    """The text with a further entry at the end of one of its mappings, which is made where there is none.

    Args:
        text: a mapping in YAML.
        mapping: the key of the one that grows.
        key: of the entry.
        value: in YAML, on one line.
    """
    return _with_line(text, mapping, yaml.MappingNode, f"{key}: {value}", f"{key}: {value}")


def _with_line(text: str, key: str, kind: type[yaml.CollectionNode], line: str, in_flow: str) -> str | None:
    """The text with a line at the end of the list or mapping at a key, which is made where there is none."""
    root = _root(text)
    if root is None:
        return None
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    found = _entry(root, key)
    if found is None:
        end = "" if text.endswith("\n") or not text else end_of_line
        return f"{text}{end}{key}:{end_of_line}  {line}{end_of_line}"
    entries = found[1]
    if not isinstance(entries, kind):
        return None
    if entries.flow_style:
        place = entries.end_mark.index - 1
        return f"{text[:place].rstrip()}{', ' if entries.value else ''}{in_flow}{text[place:]}"
    _, last = _lines(*found)
    lines = text.splitlines(keepends=True)
    lines[last] = lines[last].rstrip("\r\n") + end_of_line
    lines.insert(last + 1, f"{' ' * entries.start_mark.column}{line}{end_of_line}")
    return "".join(lines)


def _root(text: str) -> yaml.MappingNode | None:
    try:
        root = yaml.compose(text, Loader=SafeLoader)
    except yaml.YAMLError:  # an alias whose anchor has gone, perhaps
        return None
    return root if isinstance(root, yaml.MappingNode) and not root.flow_style else None


def _entry(mapping: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next(((name, value) for name, value in mapping.value if name.value == key), None)


def _lines(key: yaml.Node, value: yaml.Node) -> tuple[int, int]:
    """The first and the last line of an entry, counted from 0."""
    # What an alias stands for is elsewhere.
    return key.start_mark.line, max(key.end_mark.line, _last(value))


def _last(node: yaml.Node) -> int:
    if isinstance(node, yaml.ScalarNode):
        mark = node.end_mark
        return mark.line - 1 if node.style in _BLOCK_SCALARS and mark.column == 0 else mark.line
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.line)
    if isinstance(node, yaml.MappingNode):
        key, value = node.value[-1]
        return _lines(key, value)[1]
    return max(int(node.start_mark.line), _last(node.value[-1]))
