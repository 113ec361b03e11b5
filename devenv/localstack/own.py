"""An AWS account of LocalStack's for one test: queues, topics, tables and secrets that no other account sees.

LocalStack takes an access key of twelve digits for the number of an account, and keeps accounts apart
(https://docs.localstack.cloud/references/multi-account-setups). So what a test makes may have the names that the
product knows. Only buckets have names that all accounts share, as with AWS.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from devenv.adapters.files.leases import lease_for_test
from devenv.errors import DatabaseError, UsageError
from devenv.localstack.buckets import empty_buckets
from devenv.localstack.program import Clients, Seed, SeedProgram, answering, load_program, named
from devenv.localstack.queues import empty_queues
from devenv.localstack.reset import LocalStack
from devenv.localstack.secrets import empty_secrets
from devenv.localstack.tables import empty_tables
from devenv.localstack.topics import empty_topics

ACCOUNTS = 256
REGION = "us-east-1"
"""The program's."""
_FIRST = 700_000_000_000
"""Of the accounts for tests; the number is nobody's."""
_EMPTY = {
    "s3": empty_buckets,
    "sqs": empty_queues,
    "dynamodb": empty_tables,
    "secretsmanager": empty_secrets,
    "sns": empty_topics,
}


class OwnAccount:
    """One account. Clients are made when they are first asked for."""

    def __init__(self, localstack: LocalStack, number: int) -> None:
        self.id = str(_FIRST + number)
        self.localstack = localstack
        self.keep = False
        """Whether what is in it stays when its test is over."""
        self._program: SeedProgram = load_program(localstack.program)
        self._aws: Clients = self._program.Aws(localstack.endpoint, localstack.host, self.id)
        self._seeds: Seed = json.loads(localstack.document, parse_float=Decimal)
        self._used: set[str] = set()

    @property
    def variables(self) -> dict[str, str]:
        """What AWS' own clients read, in any language. Whoever gets them may use any service."""
        return {
            "AWS_ENDPOINT_URL": f"http://{self.localstack.host}",
            **self.login,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }

    @property
    def login(self) -> dict[str, str]:
        """Of these, the ones that choose the account."""
        self._used |= _EMPTY.keys()
        return {"AWS_ACCESS_KEY_ID": self.id, "AWS_SECRET_ACCESS_KEY": "test"}

    def client(self, service: str) -> Any:
        """boto3's client of a service: `s3`, `sqs`, `sns`, `dynamodb`, `secretsmanager`."""
        self._used.add(service)
        return self._aws.client(service)

    def seeds(self, section: str) -> dict[str, Seed]:
        """The project's seeds of a kind, by name."""
        return named(self._seeds, section)

    def seed(self, section: str, name: str) -> Seed:
        """One of them; raises UsageError where there is none of that name."""
        known = self.seeds(section)
        if name not in known:
            raise UsageError(f"no seed of {section} is called {name}", hint=f"one of {', '.join(known) or 'none'}")
        return known[name]

    def apply(self, section: str, *seeds: Seed) -> None:
        """Make what seeds of a kind say, in this account; raises DatabaseError."""
        for line in self._program.apply_section(self, {section: list(seeds)}, section):
            if line["change"] == "failed":
                raise DatabaseError(
                    f"{line['kind']} {line['name']} could not be made for a test",
                    context={"cause": line["error"]},
                    hint="devenv status",
                )

    def empty(self) -> None:
        """Delete what is in the services that were used; raises DatabaseError."""
        with answering("an AWS account for a test cannot be emptied"):
            for service, empty_service in _EMPTY.items():
                if service in self._used:
                    list(empty_service(self._aws, {}))
        self._used.clear()

    def empty_all(self) -> None:
        """Delete what is in any service that tests have: whoever had the account before is not known."""
        self._used |= _EMPTY.keys()
        self.empty()


@contextmanager
def own_account(localstack: LocalStack) -> Iterator[OwnAccount]:
    """An empty account until the block ends.

    Raises:
        DatabaseError: LocalStack does not answer, or all accounts are in use.
    """
    with lease_for_test(f"aws-{localstack.host}", ACCOUNTS, "AWS accounts") as held:
        account = OwnAccount(localstack, held.number)
        if held.left_behind:
            account.empty_all()
        yield account
        held.keep = account.keep
        if not account.keep:
            account.empty()
