"""The reset of LocalStack: what the seeds do not make is removed, what they make is put back; only what differs.

Secrets, buckets, queues, topics, tables and functions are reset, since these can be seeded. What other services hold
(parameters, keys, users …) is left alone. Values of secrets that devenv generated stay: the document has them.
"""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from botocore.exceptions import ClientError

from devenv.errors import DatabaseError
from devenv.localstack.buckets import empty_buckets
from devenv.localstack.functions import empty_functions
from devenv.localstack.program import Change, Clients, Line, Seed, SeedProgram, answering, load_program
from devenv.localstack.queues import empty_queues
from devenv.localstack.resources import Message, Resources, list_resources, waiting_messages
from devenv.localstack.secrets import empty_secrets
from devenv.localstack.tables import empty_tables
from devenv.localstack.topics import empty_topics
from devenv.localstack.vault import Vault

_Empty = Callable[[Clients, Seed], Iterator[Change]]
_APART: tuple[tuple[str, str, _Empty], ...] = (
    ("secretsmanager", "secrets", empty_secrets),
    ("s3", "buckets", empty_buckets),
    ("sqs", "queues", empty_queues),
    ("dynamodb", "tables", empty_tables),
    ("lambda", "functions", empty_functions),
)
"""Service, section of the seeds, and what removes the rest: each knows nothing of the others."""
_GONE = re.compile("NonExistent|NotFound|NoSuch|DoesNotExist")
"""Codes by which services say that what was listed a moment ago is not there."""
_UNSEEN = "/_aws/sqs/messages"
"""Of LocalStack alone: https://docs.localstack.cloud/aws/services/sqs/"""
_TRIES = 3
_LAST = ("sns", "topics", empty_topics)
"""Topics subscribe to queues and functions."""


@dataclass(frozen=True, slots=True)
class LocalStack:
    """One LocalStack, and what it is seeded with."""

    endpoint: str
    """Where it answers on this machine: `http://127.0.0.1:8080`."""
    host: str
    """The name that leads to it there: `localstack.alt.localhost:8080`."""
    document: str
    """The seeds as JSON, with the values that devenv generated."""
    program: Path
    lock: Path
    """A file: one reset at a time on this machine, where all that use the environment are."""

    def reset(self) -> tuple[Change, ...]:
        """Bring all seeded services back to the seeds; returns what was not as seeded. Safe to repeat at any point.

        Raises:
            DatabaseError: LocalStack does not answer, or refuses something.
        """
        program = load_program(self.program)
        seeds: Seed = json.loads(self.document, parse_float=Decimal)
        aws = program.Aws(self.endpoint, self.host)
        for service, _, _ in (*_APART, _LAST):
            aws.client(service)
        with answering("localstack could not be reset", endpoint=f"http://{self.host}"), self._locked():
            return _reset_all(program, aws, seeds)

    def resources(self) -> Resources:
        """What it holds, by name.

        Raises:
            DatabaseError: LocalStack does not answer, or refuses.
        """
        with answering("localstack does not tell what it holds"):
            return list_resources(load_program(self.program).Aws(self.endpoint, self.host))

    @property
    def vault(self) -> Vault:
        """Its Secrets Manager."""
        return Vault(self.program, self.endpoint, self.host)

    def messages(self, queue: str) -> list[Message]:
        """What waits in a queue, oldest first: it stays there, and counts as received by nobody.

        Raises:
            DatabaseError: LocalStack does not answer, or has no such queue.
        """
        program = load_program(self.program)
        aws, unseen = (program.Aws(f"{self.endpoint}{path}", self.host) for path in ("", _UNSEEN))
        with answering(f"the messages of queue {queue} cannot be read"):
            return waiting_messages(aws, unseen, queue)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        with self.lock.open("w") as file:
            # Let go of by the kernel when the process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _reset_all(program: SeedProgram, aws: Clients, seeds: Seed) -> tuple[Change, ...]:
    """Every section; again where something went meanwhile, by the last request of a reset that was killed."""
    for tries_left in reversed(range(_TRIES)):
        try:
            with ThreadPoolExecutor(len(_APART)) as threads:
                apart = threads.map(lambda part: _reset(program, aws, seeds, part[1], part[2]), _APART)
                found = [change for changes in apart for change in changes]
                return (*found, *_reset(program, aws, seeds, _LAST[1], _LAST[2]))
        except ClientError as error:
            if not tries_left or not _GONE.search(error.response["Error"]["Code"]):
                raise
    raise AssertionError("the last try returns or raises")


def _reset(program: SeedProgram, aws: Clients, seeds: Seed, section: str, empty: _Empty) -> list[Change]:
    changes = list(empty(aws, seeds))
    lines = list(program.apply_section(aws, seeds, section))
    failed = [line for line in lines if line["change"] == "failed"]
    if failed:
        raise DatabaseError(
            f"localstack could not be seeded with {', '.join(_name(line) for line in failed)}",
            context={_name(line): line["error"] for line in failed},
            hint="correct the seeds, then: devenv up",
        )
    return changes + [
        Change(line["kind"], line["name"], line["change"]) for line in lines if line["change"] != "unchanged"
    ]


def _name(line: Line) -> str:
    return f"{line['kind']} {line['name']}"
