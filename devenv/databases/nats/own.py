"""An account of a NATS server for one test: streams, buckets and subjects that no other account sees.

An account is what NATS itself isolates by. A prefix of subjects would not do: streams and consumers have names that the
whole account shares, and applications know their subjects.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from devenv.adapters.files.leases import Lease, lease_for_test
from devenv.databases.address import Address
from devenv.databases.nats.account import account
from devenv.databases.nats.server import Server, translate_errors
from devenv.databases.nats.states import PRISTINE, StateStore
from devenv.errors import DatabaseError

ACCOUNTS = 16
"""As many as the chart configures."""


@contextmanager
def own_account(address: Address, *, empty: bool = False) -> Iterator[tuple[Address, Lease]]:
    """An account of one's own until the block ends, and the lease by which it can be kept for longer.

    It has the seeded streams, unless it is to be empty.

    Raises:
        DatabaseError: the server does not answer, knows no such account, or all of them are in use.
    """
    with lease_for_test(f"nats-{address.port}", ACCOUNTS, "accounts") as held:
        mine = replace(address, name=f"DEVENV_TEST_{held.number}", user=f"devenv-test-{held.number}")
        with Server.connect(address) as server, translate_errors("prepare a NATS account for a test"):
            server.run(_empty(mine) if empty else _fill(server, mine))
        yield mine, held
        if not held.keep:
            with Server.connect(address) as server, translate_errors("empty a test's NATS account"):
                server.run(_empty(mine))


async def _fill(server: Server, mine: Address) -> None:
    """What differs from the pristine state is put right: most often all of it, of an account that is empty."""
    store = StateStore(server.states)
    state = await store.find(PRISTINE)
    if state is None:
        raise DatabaseError("nats has no pristine state: its seeds have not run", hint="devenv up")
    async with account(mine, mine.user) as own:
        await store.put_in_place(state, own)


async def _empty(mine: Address) -> None:
    async with account(mine, mine.user) as own:
        for name in await own.streams():
            await own.delete_stream(name)
