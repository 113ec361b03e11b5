"""Errors of statements, reported with file and line, as every engine that speaks SQL needs them."""

from __future__ import annotations

from pathlib import Path

from devenv.errors import DatabaseError
from devenv.spec.yaml.text import NotTextError, read_text

_SHOWN = 400


def seed_failed(path: Path, line: int, statement: str, cause: str, *, detail: str = "") -> DatabaseError:
    """The error for a seed file whose statement was refused.

    Args:
        path: the file.
        line: where the statement begins, 1-based.
        statement: from its beginning; empty where none can be told.
        cause: the server's words.
        detail: what else it said.
    """
    shown = statement.strip()
    facts = {"statement": shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]} …", "detail": detail}
    return DatabaseError(
        f"seed {path.name}, line {line}: {cause.strip()}",
        context={"file": f"{path}:{line}", **{name: text for name, text in facts.items() if text}},
        hint=f"fix {path}, then: devenv up",
    )


def seed_text(path: Path) -> str:
    """The text of a seed file, without a byte order mark; raises DatabaseError where it is none or cannot be read."""
    try:
        return read_text(path)
    except NotTextError as error:
        raise seed_failed(path, error.line, "", error.message, detail=error.hint) from error
    except OSError as error:
        raise DatabaseError(f"seed {path.name} cannot be read", context={"cause": str(error)}) from error
