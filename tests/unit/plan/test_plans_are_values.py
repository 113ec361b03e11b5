"""Nothing that a plan is made of, or that it holds, can do anything: no client, no function, no open file."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import pkgutil
import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import pydantic
import pytest

import devenv.plan

PLAIN = {str, int, float, bool, bytes, type(None), Path, timedelta}
CONTAINERS = {Mapping, Sequence, Collection, tuple, frozenset, list, dict}
TRANSPARENT = {Union, types.UnionType, Annotated, ClassVar}


def planned() -> list[type]:
    """Every class of values in the package."""
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(devenv.plan.__path__, "devenv.plan.")
    ]
    return sorted(
        {
            value
            for module in modules
            for value in vars(module).values()
            if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
        },
        key=lambda found: found.__qualname__,
    )


def unfit(hint: Any, seen: set[Any]) -> Iterator[str]:
    """What of a type is no plain value, in words."""
    origin = get_origin(hint)
    if origin is Literal or hint in PLAIN or hint in seen or hint is Ellipsis:
        return
    if origin in CONTAINERS or origin in TRANSPARENT:
        kinds = get_args(hint)[:1] if origin is Annotated else get_args(hint)
        for kind in kinds:
            yield from unfit(kind, seen)
    elif isinstance(hint, type) and dataclasses.is_dataclass(hint):
        yield from fields_unfit(hint, seen)
    elif isinstance(hint, type) and issubclass(hint, pydantic.BaseModel):
        if not hint.model_config.get("frozen"):
            yield f"{hint.__qualname__} can be changed"
    elif not (isinstance(hint, type) and issubclass(hint, enum.Enum)):
        yield f"{hint} is no plain value"


def fields_unfit(kind: type, seen: set[Any]) -> Iterator[str]:
    seen.add(kind)
    if not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        yield f"{kind.__qualname__} can be changed"
    for name, hint in get_type_hints(kind, include_extras=True).items():
        yield from (f"{kind.__qualname__}.{name}: {problem}" for problem in unfit(hint, seen))


@pytest.mark.parametrize("kind", planned(), ids=lambda kind: kind.__qualname__)
def test_plans_and_what_they_are_made_from_are_plain_values(kind: type) -> None:
    assert not list(fields_unfit(kind, set()))


def test_a_function_among_the_values_would_be_found() -> None:
    @dataclasses.dataclass(frozen=True)
    class Handed:
        ask: types.FunctionType

    assert list(fields_unfit(Handed, set()))
