"""The marker `devenv`: what a test says of what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from devenv.errors import UsageError
from devenv.spec.read.wording import name_hint

KINDS = ("postgres", "mysql", "clickhouse", "redis", "nats", "s3", "sqs", "sns", "dynamodb", "secrets")
SCOPES: dict[str, type[pytest.Item | pytest.Collector]] = {
    "test": pytest.Item,
    "class": pytest.Class,
    "module": pytest.Module,
    "session": pytest.Session,
}
_SCOPE, _EMPTY = "scope", "empty"
_EMPTY_HINT = '@pytest.mark.devenv(postgres="auth-postgres", empty=True)'


@dataclass(frozen=True, slots=True)
class Wish:
    """What of one kind a test wants."""

    name: str
    """The stack or seed that it is like; empty for the usual one."""
    scope: str
    empty: bool = False
    """Whether a database is as its migrations find it."""


def wish_of(item: pytest.Item, kind: str) -> Wish:
    """What the closest marker says, of the test, its class or its module; raises UsageError."""
    said: dict[str, Any] = {}
    for marker in item.iter_markers("devenv"):
        _check(marker, item)
        said = {**marker.kwargs, **said}
    return Wish(said.get(kind, ""), said.get(_SCOPE, "test"), empty=said.get(_EMPTY, False))


def node_of(item: pytest.Item, scope: str) -> pytest.Item | pytest.Collector:
    """For how long it is the same one; a function outside of a class counts as a class of its own."""
    found = item.getparent(SCOPES[scope])
    return item if found is None else found


def _check(marker: pytest.Mark, item: pytest.Item) -> None:
    if marker.args:
        raise UsageError(
            f"{item.nodeid}: the marker devenv takes names, as in postgres=…, and not {marker.args[0]!r}",
            hint='@pytest.mark.devenv(postgres="auth-postgres", scope="module")',
        )
    for key, value in marker.kwargs.items():
        known = (*KINDS, _SCOPE, _EMPTY)
        if key not in known:
            raise UsageError(f"{item.nodeid}: the marker devenv knows no {key}", hint=name_hint(key, known, "keys"))
        if key == _SCOPE and value not in SCOPES:
            raise UsageError(f"{item.nodeid}: {value} is no scope", hint=name_hint(str(value), SCOPES, "scopes"))
        if key == _EMPTY and not isinstance(value, bool):
            raise UsageError(f"{item.nodeid}: empty={value!r} is neither True nor False", hint=_EMPTY_HINT)
