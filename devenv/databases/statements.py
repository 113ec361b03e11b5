"""Errors of statements, told with file and line, as every engine that speaks SQL needs them."""

from __future__ import annotations

from pathlib import Path

from devenv.errors import DatabaseError

_SHOWN = 400


def seed_failed(path: Path, line: int, statement: str, cause: str) -> DatabaseError:
    """The error for a seed file whose statement was refused; `line` is 1-based."""
    shown = statement.strip()
    return DatabaseError(
        f"seed {path.name}, line {line}: {cause.strip()}",
        context={"file": str(path), "statement": shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]} …"},
        hint=f"mend {path}, then: devenv up",
    )
