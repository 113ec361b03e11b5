"""Databases of an environment that is up."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from devenv.adapters.files.paths import data_root
from devenv.databases.address import Address
from devenv.spec.load import load_workspace
from support.environment import Project

_TRIES = 20
_KNOWN: dict[tuple[Path, str], Address] = {}
"""Addresses stay for as long as a cluster lives."""


def address_of(environment: Project, stack: str) -> Address:
    """Where a stack's database answers, as `devenv db url` prints it."""
    key = (environment.root, stack)
    if key not in _KNOWN:
        _KNOWN[key] = _printed(environment, stack)
    return _KNOWN[key]


def _printed(environment: Project, stack: str) -> Address:
    database = load_workspace(environment.root, data_root=data_root()).stacks[stack].spec.database
    assert database is not None
    parts = urlsplit(environment.devenv("db", "url", stack).stdout.strip())
    login = (unquote(parts.username or ""), unquote(parts.password or ""))
    return Address(database.engine, parts.hostname or "", parts.port or 0, parts.path.removeprefix("/"), *login)


def restart(environment: Project, namespace: str, name: str) -> None:
    """Delete the pod of a database's StatefulSet, and wait until the next one answers from here."""
    environment.kubectl("delete", "pod", f"{name}-0", "--namespace", namespace, "--wait")
    environment.kubectl("rollout", "status", f"statefulset/{name}", "--namespace", namespace, "--timeout=120s")
    # Nobody says when the nodes route to the new pod.
    for _ in range(_TRIES):
        if environment.devenv("db", "list", "--database", name, expect=None).status == 0:
            return
    raise AssertionError(f"{name} does not answer after its pod was replaced")


def clones(environment: Project) -> list[str]:
    """The databases of tests that the stack `postgres` has at the moment."""
    address = address_of(environment, "postgres")
    with psycopg.connect(address.url) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (f"{address.name}_clone_",)
        ).fetchall()
    return [name for (name,) in found]
