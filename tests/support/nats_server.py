"""A NATS server in a container, for what needs the server and no cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.nats.account import STATES_USER, Account, ApiError, account
from devenv.databases.nats.own import ACCOUNTS
from devenv.databases.nats.states import INDEX_BUCKET, fingerprints
from devenv.errors import DatabaseError
from support.server_container import server_container
from support.waiting import await_answer

PASSWORD = "für-this-test-🔑"  # noqa: S105 -- of a server that lives as long as the test
_TESTS = "\n".join(
    f'  DEVENV_TEST_{n} {{ jetstream: enabled, users: [{{user: "devenv-test-{n}", password: "{PASSWORD}"}}] }}'
    for n in range(ACCOUNTS)
)
_CONFIGURATION = f"""
port: 4222
server_name: nats
jetstream {{ store_dir: /data }}
accounts {{
  APPLICATIONS {{ jetstream: enabled, users: [{{user: "alt", password: "{PASSWORD}"}}] }}
  DEVENV {{ jetstream: enabled, users: [{{user: "devenv", password: "{PASSWORD}"}}] }}
  DEVENV_SEEDS {{ jetstream: enabled, users: [{{user: "devenv-seeds", password: "{PASSWORD}"}}] }}
{_TESTS}
  WITHOUT_STREAMS {{ users: [{{user: "plain", password: "{PASSWORD}"}}] }}
}}
"""
T = TypeVar("T")


@contextmanager
def nats_server(engine: Engine, image: str, labels: dict[str, str], folder: Path) -> Iterator[Address]:
    """The address of an empty server with the accounts that the chart gives it."""
    configuration = folder / "nats.conf"
    configuration.write_text(_CONFIGURATION)
    volumes = {str(configuration): {"bind": "/etc/nats/nats.conf", "mode": "ro"}}
    options = {"command": ["--config", "/etc/nats/nats.conf"], "volumes": volumes}
    with server_container(engine, image, labels, 4222, **options) as port:
        address = Address("nats", "127.0.0.1", port, "APPLICATIONS", "alt", PASSWORD)
        await_answer(lambda: as_application(address, Account.streams), DatabaseError)
        yield address


def as_application(address: Address, use: Callable[[Account], Coroutine[Any, Any, T]]) -> T:
    """What an application does over a connection of its own."""

    async def run() -> T:
        async with account(address, address.user) as connected:
            return await use(connected)

    return asyncio.run(run())


def empty(address: Address) -> None:
    """Leave a server without a stream of an application's, and without states."""
    as_application(address, _delete_all)
    as_application(replace(address, user=STATES_USER), _forget)


async def _delete_all(live: Account) -> None:
    for name in await live.streams():
        await live.delete_stream(name)


async def _forget(states: Account) -> None:
    if f"KV_{INDEX_BUCKET}" in await states.streams():
        await states.request(f"STREAM.PURGE.KV_{INDEX_BUCKET}")


def content(address: Address) -> dict[str, Any]:
    """Everything that a reset must bring back: configurations, consumers, and every message with its time."""
    return as_application(address, _content)


async def _content(live: Account) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, printed in (await fingerprints(live)).items():
        state = printed["state"]
        messages = []
        for sequence in range(state["first_seq"], state["last_seq"] + 1) if state["messages"] else ():
            try:
                answer = await live.request(f"STREAM.MSG.GET.{name}", {"seq": sequence})
            except ApiError as error:
                assert error.not_found  # noqa: PT017 -- deleted ones in between
            else:
                messages.append(answer["message"])
        found[name] = {**printed, "messages": messages}
    return found
