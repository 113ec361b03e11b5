"""What each engine takes of what is written for a database of devenv.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from devenv.spec.services.database import ProjectEngine

MigrationsForm = Literal["a folder", "a program"]


@dataclass(frozen=True, slots=True)
class EngineRules:
    """What may be said of a database of one engine."""

    migrations: tuple[MigrationsForm, ...] = ()
    names: re.Pattern[str] | None = None
    """Of its databases, where not all do; None where it has none that could be named."""
    form: str = ""
    """What these names are, in words."""
    reserved: tuple[str, ...] = ()
    """Databases that a server has for itself."""
    database: str = ""
    """Where devenv.yaml names none; empty: as the entry there is called."""
    user: str = ""
    """The same of its owner."""
    users: tuple[str, ...] = ()
    """Users that a server has for itself."""
    has_root: bool = False
    """Whether root has a password of its own."""
    opens: bool = False
    """Whether it can let in who sends no password."""


RULES: Mapping[ProjectEngine, EngineRules] = {
    "postgres": EngineRules(
        ("a folder", "a program"),
        re.compile(r".+"),
        "any",
        ("postgres", "template0", "template1"),
    ),
    "mysql": EngineRules(
        ("a folder", "a program"),
        re.compile(r"[a-z][a-z0-9_]{0,30}"),
        "a small letter, then up to 30 small letters, digits and _",
        ("mysql", "sys", "information_schema", "performance_schema"),
        users=("root",),
        has_root=True,
    ),
    "clickhouse": EngineRules(
        ("a folder",),
        re.compile(r"[a-z_][a-z0-9_]*"),
        "small letters, digits and _",
        ("default", "system", "information_schema"),
    ),
    "redis": EngineRules(
        names=re.compile(r"[0-9]|1[0-5]"), form="a number from 0 to 15", database="0", user="default", opens=True
    ),
    # The account that applications have in the chart.
    "nats": EngineRules(database="APPLICATIONS", users=("devenv", "devenv-seeds"), opens=True),
}
