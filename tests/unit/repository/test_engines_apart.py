"""Database engines know nothing of each other: whoever adds one has nothing to list for that."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import devenv.databases

TOP = Path(devenv.databases.__file__).parent
ENGINES = sorted(file.parent.name for file in TOP.glob("*/database.py"))


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_engine_imports_another() -> None:
    assert len(ENGINES) > 1
    found = [
        f"{file.relative_to(TOP)}: {module}"
        for engine in ENGINES
        for file in (TOP / engine).rglob("*.py")
        for module in imported(file)
        for other in ENGINES
        if other != engine and f"{module}.".startswith(f"devenv.databases.{other}.")
    ]
    assert found == []


def test_what_all_engines_share_imports_none_of_them_but_to_open_it() -> None:
    shared = [file for file in TOP.glob("*.py") if file.name != "engines.py"]
    found = [
        f"{file.name}: {module}"
        for file in shared
        for module in imported(file)
        for engine in ENGINES
        if f"{module}.".startswith(f"devenv.databases.{engine}.")
    ]
    assert found == []
