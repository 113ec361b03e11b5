"""A NATS server, as devenv uses it: the applications' account, the one with states, and one call after the other.

JetStream's client is asynchronous. Its coroutines run here, so that all else is written as for any other engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any, Self, TypeVar

from nats.errors import Error as NatsError

from devenv.databases.address import Address
from devenv.databases.nats.account import STATES_USER, Account, ApiError, account
from devenv.databases.nats.lock import locked
from devenv.errors import DatabaseError

T = TypeVar("T")


class Server:
    """Connections to two of a server's accounts."""

    def __init__(self, address: Address, runner: asyncio.Runner, live: Account, states: Account) -> None:
        self.address = address
        self.live = live
        self.states = states
        self._runner = runner

    @classmethod
    @contextmanager
    def connect(cls, address: Address) -> Iterator[Self]:
        """Connect for a few calls; raises DatabaseError when the server does not answer or refuses the login."""
        with asyncio.Runner() as runner:
            stack = AsyncExitStack()

            async def enter(user: str) -> Account:
                return await stack.enter_async_context(account(address, user))

            try:
                yield cls(address, runner, runner.run(enter(address.user)), runner.run(enter(STATES_USER)))
            finally:
                runner.run(stack.aclose())

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine over these connections."""
        return self._runner.run(call)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock over the whole server; see `devenv.databases.nats.lock`."""
        stack = AsyncExitStack()
        self.run(stack.enter_async_context(locked(self.states)))
        try:
            yield
        finally:
            self.run(stack.aclose())


@contextmanager
def translate_errors(what: str) -> Iterator[None]:
    """Turn refusals of JetStream, and answers that do not come, into a DatabaseError that says what failed."""
    try:
        yield
    except (ApiError, NatsError, TimeoutError) as error:
        cause = str(error) or "no answer"
        raise DatabaseError(f"{what} failed", context={"cause": cause}, hint="devenv status") from error
