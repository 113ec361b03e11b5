"""Modules and functions are of a size that can be read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
FILES = sorted(
    file
    for folder in ("devenv", "localstack-init", "cluster", "benchmarks")
    for file in (REPOSITORY / folder).rglob("*.py")
)
MODULE, FUNCTION = 400, 40


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """The functions of a module with their lines, docstrings apart."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            docstring = first if ast.get_docstring(node) is not None else None
            ignored = 1 + (docstring.end_lineno or 0) - docstring.lineno if docstring else 0
            yield node.name, 1 + (node.end_lineno or 0) - node.lineno - ignored


def test_no_module_is_longer_than_its_limit() -> None:
    lines = {file.relative_to(REPOSITORY): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert lines
    assert not {file: count for file, count in lines.items() if count > MODULE}


def test_no_function_is_longer_than_its_limit() -> None:
    long = {
        f"{file.relative_to(REPOSITORY)}: {name}": count
        for file in FILES
        for name, count in functions(file)
        if count > FUNCTION
    }
    assert not long
