"""Which labels a selector asks for, and how labels are changed until selectors let go of them. Pure.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from devenv.adapters.kubernetes.json_objects import Json
from devenv.labels import LABEL_INSTANCE

Labels = Mapping[str, str]


def matches(selector: Json, labels: Labels) -> bool:
    """Whether a LabelSelector selects what has these labels; an empty one selects everything."""
    if any(labels.get(name) != value for name, value in (selector.get("matchLabels") or {}).items()):
        return False
    for rule in selector.get("matchExpressions") or ():
        value, values = labels.get(rule["key"]), rule.get("values") or ()
        holds = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not holds.get(rule["operator"], False):
            return False
    return True


def let_go(labels: Labels, avoided: Iterable[Json], kept: Iterable[Json], other: str) -> dict[str, str]:
    """The labels with as few of them changed as it takes for none of the avoided selectors to match.

    Without any label that one of them asks for, none does: so there is always an answer.

    Args:
        labels: as they are.
        avoided: selectors that must not match; what selects everything is left aside, since no labels escape it.
        kept: selectors that had better go on to match what they match now.
        other: the value that a label gets instead of its own.
    """
    strict = [selector for selector in avoided if not matches(selector, {})]
    wanted = [selector for selector in kept if matches(selector, labels)]
    found = [
        changed for changed in _changes(labels, strict, other) if not any(matches(each, changed) for each in strict)
    ]
    # The first of those that lose least: they come in the order of how many labels are changed.
    return min(found, key=lambda changed: sum(not matches(each, changed) for each in wanted))


def _changes(labels: Labels, selectors: Iterable[Json], other: str) -> Iterator[dict[str, str]]:
    named = {key for selector in selectors for key in _keys(selector) if key in labels}
    # What tells one release from another is the one that a copy may differ in.
    keys = sorted(named, key=lambda key: (key != LABEL_INSTANCE, key))
    for count in range(len(keys) + 1):
        for chosen in combinations(keys, count):
            yield {**labels, **dict.fromkeys(chosen, other)}
            # `Exists` is content with any value.
            yield {key: value for key, value in labels.items() if key not in chosen}


def _keys(selector: Json) -> set[str]:
    rules = selector.get("matchExpressions") or ()
    return {*(selector.get("matchLabels") or {}), *(rule["key"] for rule in rules)}
