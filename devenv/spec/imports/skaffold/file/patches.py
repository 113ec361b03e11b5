"""Patches of profiles: JSON Patch over a tree that keeps the lines where its values were written.

Written by hand: libraries know plain JSON, not lines, and not what Skaffold's paths may say beyond RFC 6902, a
`key=value` that stands for whatever has that value. Pure. Source: https://github.com/krishicks/yaml-patch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from devenv.spec.yaml.positions import KeyPath, Node, plain_node

OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")


class PatchError(ValueError):
    """A patch that does not fit what it is applied to."""


def patched(root: Node, op: str, path: str, value: Node | None = None, source: str | None = None) -> Node:
    """The tree after one operation.

    Args:
        root: the tree.
        op: one of `OPERATIONS`.
        path: where, as `/build/artifacts/0/docker/dockerfile` or with `name=api` in place of a number.
        value: what is put there by add and replace.
        source: where move and copy take it from.

    Raises:
        PatchError: a path leads nowhere, or the operation is none.
    """
    if op not in OPERATIONS:
        raise PatchError(f"{op} is none of {', '.join(OPERATIONS)}")
    if op in ("move", "copy"):
        (taken,) = _places(root, source or "")[:1]
        value = _at(root, taken)
        root = _removed(root, taken) if op == "move" else root
    if value is None and op in ("add", "replace", "test"):
        value = plain_node(None, root.line)
    for place in reversed(_places(root, path, new=op in ("add", "move", "copy"))):
        match op:
            case "remove":
                root = _removed(root, place)
            case "replace":
                root = _replaced(root, place, value or root)
            case "test":
                if (found := _at(root, place)) is None or value is None or found.data() != value.data():
                    raise PatchError(f"{path} is not what the test says")
            case _:
                root = _added(root, place, value or root)
    return root


def _places(root: Node, path: str, *, new: bool = False) -> list[KeyPath]:
    """Every place that a path names; with `new` the last step need not be there."""
    if not path.startswith("/"):
        raise PatchError(f"a path begins with /, and {path or 'this one'} does not")
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]
    found: list[KeyPath] = [()]
    for number, step in enumerate(steps):
        is_last = number == len(steps) - 1
        reached = [place for above in found for place in _below(root, above, step, new=new and is_last)]
        if not reached:
            shown = "/".join(steps[: number + 1])
            raise PatchError(f"there is no /{shown}")
        found = reached
    return found


def _below(root: Node, above: KeyPath, step: str, *, new: bool) -> Iterator[KeyPath]:
    node = _at(root, above)
    if node is None:
        return
    key, sign, wanted = step.partition("=")
    if isinstance(node.value, list):
        if step == "-" and new:
            yield (*above, len(node.value))
        elif step.isdecimal() and int(step) < len(node.value) + new:
            yield (*above, int(step))
        elif sign:
            yield from _having(node, above, key, wanted)
    elif isinstance(node.value, Mapping):
        if step in node.value or new:
            yield (*above, step)
        elif sign:
            yield from _having(node, above, key, wanted)


def _having(node: Node, at: KeyPath, key: str, wanted: str) -> Iterator[KeyPath]:
    """What has this text at this key, looked for from the outside inwards."""
    there = node.child(key)
    if there is not None and str(there.value) == wanted:
        yield at
    elif isinstance(node.value, Mapping):
        for name, below in node.value.items():
            yield from _having(below, (*at, name), key, wanted)
    elif isinstance(node.value, list):
        for index, below in enumerate(node.value):
            yield from _having(below, (*at, index), key, wanted)


def _at(root: Node, place: KeyPath) -> Node | None:
    node: Node | None = root
    for key in place:
        node = node.child(key) if node else None
    return node


def _removed(root: Node, place: KeyPath) -> Node:
    if not place:
        raise PatchError("the whole configuration cannot be removed")
    above, key = _above(root, place)
    if isinstance(above.value, list):
        left: Mapping[str, Node] | list[Node] = _numbered([n for i, n in enumerate(above.value) if i != key])
    else:
        left = {name: node for name, node in _entries(above).items() if name != key}
    return _replaced(root, place[:-1], replace(above, value=left))


def _added(root: Node, place: KeyPath, value: Node) -> Node:
    if not place:
        return value
    above, key = _above(root, place)
    if isinstance(above.value, list) and isinstance(key, int):
        items: Mapping[str, Node] | list[Node] = _numbered([*above.value[:key], value, *above.value[key:]])
    else:
        items = {**_entries(above), str(key): replace(value, label=str(key))}
    return _replaced(root, place[:-1], replace(above, value=items))


def _replaced(root: Node, place: KeyPath, value: Node) -> Node:
    if not place:
        return value
    above, key = _above(root, place)
    if isinstance(above.value, list):
        items: Mapping[str, Node] | list[Node] = _numbered(
            [value if i == key else n for i, n in enumerate(above.value)]
        )
    else:
        items = {**_entries(above), str(key): replace(value, label=str(key))}
    return _replaced(root, place[:-1], replace(above, value=items))


def _above(root: Node, place: KeyPath) -> tuple[Node, str | int]:
    above = _at(root, place[:-1])
    if above is None:
        raise PatchError("what the path leads to is gone")
    return above, place[-1]


def _entries(node: Node) -> Mapping[str, Node]:
    return node.value if isinstance(node.value, Mapping) else {}


def _numbered(nodes: list[Node]) -> list[Node]:
    return [replace(node, label=index) for index, node in enumerate(nodes)]
