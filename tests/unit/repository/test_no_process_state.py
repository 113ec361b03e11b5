"""What a run learns lives in the run: no module of devenv keeps an object that changes."""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import pkgutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pydantic

import devenv

ALLOWED = {
    # It stands for the process itself: the children that end with it, from whatever thread they were started.
    "devenv.adapters.process.reaper.REAPER",
    # What it guards is msgspec's table of types, of which a process has one.
    "devenv.adapters.kubernetes.api._READING",
}
_SYNCHRONISERS = (type(threading.Lock()), type(threading.RLock()), threading.Event, threading.Condition)


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(devenv.__path__, "devenv."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def assigned(module: ModuleType) -> Iterator[str]:
    """The names that a module's own top-level statements give values to."""
    if module.__file__ is None:
        return
    for statement in ast.parse(Path(module.__file__).read_text()).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def changes(value: object) -> bool:
    """Whether a value is an object of devenv's that can change, or serves those that do."""
    kind = type(value)
    if isinstance(value, _SYNCHRONISERS):
        return True
    if not kind.__module__.startswith("devenv.") or isinstance(value, (type, enum.Enum)):
        return False
    if isinstance(value, pydantic.BaseModel):
        return not value.model_config.get("frozen")
    return not (dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]


def test_no_module_keeps_what_changes() -> None:
    found = {
        f"{module.__name__}.{name}"
        for module in modules()
        for name in assigned(module)
        if changes(getattr(module, name, None))
    }
    assert found == ALLOWED
