"""Keys by which steps need each other are made beside the steps, and nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import devenv
from devenv.plan.steps import Step

SOURCES = Path(devenv.__file__).parent
STEPS = SOURCES / "plan" / "steps"


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """Constant texts, and the beginnings of formatted ones, with their lines."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
            yield node.lineno, str(node.values[0].value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def beginnings() -> set[str]:
    """`image/`, `load/` …: how the keys of steps begin."""
    made = [text for file in STEPS.glob("*.py") for _, text in texts(file)]
    keys = [text for text in made if text.partition("/")[0].isidentifier() and "/" in text and " " not in text]
    return {f"{key.partition('/')[0]}/" for key in keys}


def test_nobody_writes_a_key_by_hand() -> None:
    begin = beginnings()
    assert {"tool/", "image/", "load/", "ready/", "reset/", "cluster/"} <= begin
    written = [
        f"{file.relative_to(SOURCES)}:{line}: {text}"
        for file in SOURCES.rglob("*.py")
        if file.parent != STEPS
        for line, text in texts(file)
        if text in begin or text in {kind.KEY for kind in get_args(Step) if kind.KEY}
    ]
    assert not written
