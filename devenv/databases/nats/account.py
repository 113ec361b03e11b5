"""One connection to one account of a NATS server, and JetStream's API over it as plain data.

The server has three accounts, which see nothing of each other: the applications', one in which devenv keeps states, and
one in which it makes streams from seeds before anybody can write to them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from devenv.databases.address import Address
from devenv.errors import DatabaseError

STATES_USER = "devenv"
"""Its account holds states and the lock, the password is the applications'; devenv's other users begin so, too."""
SEEDING_USER = "devenv-seeds"
_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 30
_NOT_FOUND = 404

Json = dict[str, Any]


class ApiError(Exception):
    """JetStream refused a request."""

    def __init__(self, subject: str, error: Json) -> None:
        super().__init__(f"{subject}: {error.get('description', error)}")
        self.not_found = error.get("code") == _NOT_FOUND


class Account:
    """What devenv asks of one account."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=_ANSWER_SECONDS)

    async def request(self, subject: str, body: Json | None = None) -> Json:
        """JetStream's answer; raises ApiError when it refuses."""
        data = json.dumps(body).encode() if body is not None else b""
        answer = await self.client.request(f"$JS.API.{subject}", data, timeout=_ANSWER_SECONDS)
        found: Json = json.loads(answer.data)
        if "error" in found:
            raise ApiError(subject, found["error"])
        return found

    async def listed(self, subject: str, key: str) -> list[Json]:
        """All entries of a list that comes in pages."""
        entries: list[Json] = []
        while True:
            page = await self.request(subject, {"offset": len(entries)})
            entries += page.get(key) or []
            if len(entries) >= page["total"] or not page.get(key):
                return entries

    async def streams(self) -> dict[str, Json]:
        """Every stream with its configuration and state; buckets are streams too."""
        return {entry["config"]["name"]: entry for entry in await self.listed("STREAM.LIST", "streams")}

    async def consumers(self, stream: str) -> dict[str, Json]:
        """Every consumer of a stream with its configuration and position."""
        return {entry["name"]: entry for entry in await self.listed(f"CONSUMER.LIST.{stream}", "consumers")}

    async def state(self, stream: str) -> Json:
        """How many messages a stream has, from which to which sequence."""
        found: Json = (await self.request(f"STREAM.INFO.{stream}"))["state"]
        return found

    async def subjects(self, stream: str) -> list[str]:
        """The subjects of a stream's messages.

        For the keys of a bucket too: the client's own list of them is empty at times, when the answers of the server
        overtake one another.
        """
        found = await self.request(f"STREAM.INFO.{stream}", {"subjects_filter": ">"})
        return sorted(found["state"].get("subjects") or {})

    async def delete_stream(self, name: str) -> None:
        """Delete a stream; it may be gone already."""
        try:
            await self.request(f"STREAM.DELETE.{name}")
        except ApiError as error:
            if not error.not_found:
                raise


@asynccontextmanager
async def account(address: Address, user: str) -> AsyncIterator[Account]:
    """Connect to a user's account; raises DatabaseError when the server does not answer or refuses the login."""
    where = f"nats at {address.host}:{address.port}"
    try:
        client = await nats.connect(
            f"nats://{address.host}:{address.port}",
            user=user,
            password=address.password,
            name="devenv",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=_CONNECT_SECONDS,
            error_cb=_reported_by_exceptions,
        )
    except (NatsError, OSError) as error:
        raise _unreachable(where, user, error) from error
    try:
        yield Account(client)
    finally:
        await client.close()


def _unreachable(where: str, user: str, error: Exception) -> DatabaseError:
    if "Authorization" in str(error):
        ours = user.startswith(STATES_USER)
        return DatabaseError(
            f"{where} refuses the login of {user}",
            context={
                "cause": str(error),
                **({"needed": f"an account of devenv's own with user {user}"} if ours else {}),
            },
            hint="devenv up" if ours else "the password is in the stack's Secret: devenv status --credentials",
        )
    return DatabaseError(f"{where} does not answer", context={"cause": str(error)}, hint="devenv status")


async def _reported_by_exceptions(_error: Exception) -> None:
    """What goes wrong is raised by the call in question as well; the client's default prints it."""
