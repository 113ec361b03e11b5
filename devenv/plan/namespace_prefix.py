"""Whether the namespaces of a project's stacks begin as those that its cluster has them in. Pure.

Until devenv.yaml knew `namespace_prefix`, they began with `alt` in every project. A plan with another beginning would
install everything anew in namespaces without data, and remove those that hold it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from devenv.errors import NamespacePrefixError


def require_same_prefix(assumed: str, wanted: Mapping[str, str], there: Mapping[str, Collection[str]]) -> None:
    """Refuse a plan for other namespaces than the cluster's, which nobody has asked for.

    Args:
        assumed: what namespaces begin with where devenv.yaml does not say it; empty where it does.
        wanted: stack to the namespace that it is to be in.
        there: stack to the namespaces that it is in.

    Raises:
        NamespacePrefixError: all that differ have one other beginning in common.
    """
    moved = {name: space for name, space in wanted.items() if assumed and there.get(name) and space not in there[name]}
    found = {other for name, space in moved.items() for other in _other_beginnings(assumed, space, there[name])}
    if len(found) == 1:
        (other,) = found
        spaces = sorted({space for name in moved for space in there[name]})
        raise NamespacePrefixError(
            f"the namespaces of this cluster begin with {other}, and those that are planned with {assumed}",
            context={"in the cluster": ", ".join(spaces), "stacks": ", ".join(moved)},
            hint=f"to stay with what is there, write into devenv.yaml: namespace_prefix: {other}; to have everything "
            f"installed anew in other namespaces: namespace_prefix: {assumed}",
        )


def _other_beginnings(assumed: str, wanted: str, there: Iterable[str]) -> Iterable[str]:
    """What stands in place of the assumed beginning in namespaces that are as wanted otherwise."""
    if wanted == assumed or wanted.startswith(f"{assumed}-"):
        rest = wanted.removeprefix(assumed)
        yield from (space.removesuffix(rest) for space in there if space.endswith(rest) and space != rest)
