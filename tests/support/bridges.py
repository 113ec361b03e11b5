"""Bridges for engines of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from support.environment import run
from support.programs import require_program


@contextmanager
def own_bridge(name: str, address: str) -> Iterator[str]:
    """A bridge of the test's own: a dockerd that is told to have none removes the docker0 of the host's engine."""
    ip = str(require_program("ip"))
    run([ip, "link", "add", "name", name, "type", "bridge"])
    try:
        run([ip, "address", "add", address, "dev", name])
        yield name
    finally:
        run([ip, "link", "delete", name])
