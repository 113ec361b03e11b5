"""`localstack-init/seed.py` as a module: the seeds are applied by one program, in the pod and from here.

Each service's module beside this one removes what the seeds do not make; putting in what they do is the program's.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from devenv.errors import DatabaseError

Seed = dict[str, Any]
Line = dict[str, Any]
"""What became of one seed: `kind`, `name`, `change`, and `error` when that is `failed`."""


class Clients(Protocol):
    """The services behind one endpoint."""

    def client(self, service: str) -> Any:
        """The client of a service, made at its first use."""


class SeedProgram(Protocol):
    """What is used of the program."""

    def Aws(self, endpoint: str, host: str, key: str = "test") -> Clients:  # noqa: N802 -- a class of the program
        """Clients for an endpoint; `host` is the name that is asked for, `key` the access key."""

    def apply_section(self, aws: Clients, document: Seed, wanted: str) -> Iterator[Line]:
        """Create and update what one section of the seeds names."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was not as seeded."""

    kind: str
    name: str
    change: str
    """`created`, `updated`, `emptied` or `deleted`."""


@contextmanager
def answering(problem: str, **context: str) -> Iterator[None]:
    """Have errors of the clients be a DatabaseError of this message, with the cause and what else is known."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise DatabaseError(problem, context={"cause": str(error), **context}, hint="devenv status") from error


def load_program(path: Path) -> SeedProgram:
    """The program at a path; importing it runs nothing."""
    described = importlib.util.spec_from_file_location("devenv_localstack_seed", path)
    if described is None or described.loader is None:
        raise ImportError(f"{path} is no Python program")
    module: Any = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    program: SeedProgram = module
    return program


def named(seeds: Seed, section: str) -> dict[str, Seed]:
    """The seeds of a section by name."""
    return {seed["name"]: seed for seed in seeds.get(section, ())}


def pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    """All entries of a list that comes in pages."""
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(key) or ()
