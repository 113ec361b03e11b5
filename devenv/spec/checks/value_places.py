"""Checks that the places where images' references go can be set: a path leads through maps to a text.

Responsible for what is known before anything is rendered: the values of the stack, its profiles and the project, and
those of charts in folders. Helm replaces lists as a whole, so that a map in place of one would drop what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devenv.errors import Problem
from devenv.spec.model import Values
from devenv.spec.read.drafts import StackDraft
from devenv.spec.stack import ImageInjection
from devenv.spec.yaml.positions import KeyPath
from devenv.spec.yaml.reader import read_yaml

_HINT = (
    "give the chart keys of their own for the image, such as image.repository and image.tag, and use them in its list"
)


def value_place_problems(draft: StackDraft, chosen: Values) -> Iterator[Problem]:
    """Places of a stack's images whose path leads into a list or a text; `chosen` are devenv.yaml's values for it."""
    spec, document = draft.spec, draft.document
    if spec is None or document is None:
        return
    known = [("stack.yaml", values) for values in (spec.values, *(more.values for _, more in spec.additions))]
    known += [(f"values/{p}.yaml", v) for p, v in draft.profile_values.items()]
    known += [("devenv.yaml", chosen), *_charts_values(draft)]
    for at, injection in spec.injections:
        for path, place in _places(at, injection):
            found = next(((where, way) for where, values in known if (way := _blocked(values, place))), None)
            if found:
                where, (key, kind) = found
                yield document.problem(path, f"{place} cannot be set: in {where}, {key} is {kind}", _HINT)


def _places(at: KeyPath, injection: ImageInjection) -> Iterator[tuple[KeyPath, str]]:
    for field in ("repository", "tag", "reference"):
        place = getattr(injection, field)
        if place:
            yield (*at, field), place
    for number, further in enumerate(injection.also):
        yield from _places((*at, "also", number), further)


def _charts_values(draft: StackDraft) -> Iterator[tuple[str, Values]]:
    """The values of charts that lie in the stack; what cannot be read there is Helm's to tell.

    Devenv's own charts are known to take their images: reading them all would make every command slower.
    """
    for source in draft.spec.sources if draft.spec and not draft.folder.builtin else ():
        if source.chart and source.chart.path and not source.chart.module:
            file = draft.folder.root / source.chart.path / "values.yaml"
            if file.is_file() and (read := read_yaml(file)).document and not read.problems:
                yield f"{Path(source.chart.path).as_posix()}/values.yaml", read.document.data()


def _blocked(values: Any, place: str) -> tuple[str, str] | None:
    """The key on the way to a place that is no map, or the place if it is no text; None where it can be set."""
    *above, last = place.split(".")
    for number, key in enumerate(above):
        values = values.get(key)
        if values is None:
            return None
        if not isinstance(values, dict):
            return ".".join(above[: number + 1]), "a list" if isinstance(values, list) else "no map"
    # Helm ignores a text in place of a map, with a warning that nobody sees.
    there = values.get(last)
    return (place, "a list" if isinstance(there, list) else "a map") if isinstance(there, dict | list) else None
