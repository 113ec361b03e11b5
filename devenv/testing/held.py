"""What tests hold of the environment: made when it is asked for, given back with the test, class, module or session.

Responsible for how long something is the same one, and for what a test has used, which its report tells.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from devenv.logs.entries import LogEntry
from devenv.testing.databases import OwnDatabase
from devenv.testing.environment import Environment
from devenv.testing.fixtures import lending, taking_back
from devenv.testing.marker import Wish, node_of, wish_of

if TYPE_CHECKING:
    from devenv.localstack.own import OwnAccount
    from devenv.workflows.service_copy import ServiceCopy

Resource = Any
_Key = tuple[str, str, bool]
_KEPT = pytest.StashKey[dict[_Key, Resource]]()
"""What a node has, by kind, name and whether it is empty."""
_IN_AN_ACCOUNT = frozenset({"s3", "sqs", "sns", "dynamodb", "secrets"})


@dataclass(slots=True)
class Held:
    """What one test has used."""

    environment: Environment
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    resources: dict[str, Resource] = field(default_factory=dict)
    """By the names of their fixtures."""
    stacks: dict[str, None] = field(default_factory=dict)
    """In the order of their use."""


HELD = pytest.StashKey[Held]()


def held_by(item: pytest.Item, environment: Environment) -> Held:
    """What a test has used up to now."""
    return item.stash.setdefault(HELD, Held(environment))


def own(request: pytest.FixtureRequest, environment: Environment, kind: str) -> Resource:
    """A resource of the kind for this test, as its marker wants it."""
    item: pytest.Item = request.node
    with lending(request.config):
        resource = _kept(item, environment, kind, wish_of(item, kind))
    held = held_by(item, environment)
    held.resources[f"devenv_{kind}"] = resource
    if isinstance(resource, OwnDatabase):
        held.stacks[resource.stack] = None
    return resource


def http_clients(request: pytest.FixtureRequest, environment: Environment) -> Callable[[str], httpx2.Client]:
    """A client for each endpoint that a test asks for, closed with the test."""
    held, clients = held_by(request.node, environment), dict[str, httpx2.Client]()

    def client(endpoint: str) -> httpx2.Client:
        if endpoint not in clients:
            with lending(request.config):
                link = environment.endpoint(endpoint)
                clients[endpoint] = environment.http(endpoint)
            held.stacks[link.stack] = None
            request.addfinalizer(clients[endpoint].close)
        return clients[endpoint]

    return client


def services(request: pytest.FixtureRequest, environment: Environment) -> Callable[..., ServiceCopy]:
    """A copy of a service on the databases and AWS resources that the test has, gone with the test."""
    from devenv.testing.aws import AwsResource

    held = held_by(request.node, environment)

    def service(stack: str, **wishes: Any) -> ServiceCopy:
        mine = held.resources.values()
        wishes.setdefault("offered", [own for own in mine if isinstance(own, OwnDatabase)])
        wishes.setdefault("resources", [own for own in mine if isinstance(own, AwsResource)])
        held.stacks[stack] = None
        lent = environment.service(stack, **wishes)
        with lending(request.config):
            copy = lent.__enter__()
        request.addfinalizer(lambda: _end(request.config, lent))
        return copy

    return service


def logs(request: pytest.FixtureRequest, environment: Environment) -> Callable[[str], list[LogEntry]]:
    """What a stack has logged since the test began."""
    held = held_by(request.node, environment)

    def read(stack: str) -> list[LogEntry]:
        held.stacks[stack] = None
        with lending(request.config):
            return environment.logs(stack, since=held.since)

    return read


def _kept(item: pytest.Item, environment: Environment, kind: str, wish: Wish) -> Resource:
    node = node_of(item, wish.scope)
    kept = node.stash.setdefault(_KEPT, {})
    key = (kind, wish.name, wish.empty)
    if key not in kept:
        account = _kept(item, environment, "aws", Wish("", wish.scope)) if kind in _IN_AN_ACCOUNT else None
        lent = _lend(environment, kind, wish, account)
        kept[key] = lent.__enter__()
        node.addfinalizer(lambda: _give_back(item.config, kept, key, lent))
    return kept[key]


def _lend(
    environment: Environment, kind: str, wish: Wish, account: OwnAccount | None
) -> AbstractContextManager[Resource]:
    if kind == "aws":
        return environment.aws()
    lend: Callable[..., AbstractContextManager[Resource]] = getattr(environment, kind)
    return lend(wish.name, account=account) if account else lend(wish.name, empty=wish.empty)


def _give_back(
    config: pytest.Config, kept: dict[_Key, Resource], key: _Key, lent: AbstractContextManager[Resource]
) -> None:
    del kept[key]
    _end(config, lent)


def _end(config: pytest.Config, lent: AbstractContextManager[Resource]) -> None:
    with taking_back(config):
        lent.__exit__(None, None, None)
