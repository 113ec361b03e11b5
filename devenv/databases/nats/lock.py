"""One change of the whole server at a time: a key that names its holder, who answers for as long as it lives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.errors import BadRequestError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from devenv.databases.nats.account import Account

LOCK_BUCKET = "lock"
_KEY = "reset"
_ASK_AGAIN_SECONDS = 1
"""The holder answers when it has finished; one that dies meanwhile is noticed after so long."""


@asynccontextmanager
async def locked(states: Account) -> AsyncIterator[None]:
    """Hold the lock; waits for another holder, and takes over from one whose connection has ended."""
    bucket = await states.jetstream.create_key_value(bucket=LOCK_BUCKET)
    waiting: list[Msg] = []

    async def note(message: Msg) -> None:
        waiting.append(message)

    me = states.client.new_inbox()
    subscription = await states.client.subscribe(me, cb=note)
    revision = await _acquire(states, bucket, me)
    try:
        yield
    finally:
        await bucket.delete(_KEY, last=revision)
        await subscription.unsubscribe()
        for message in waiting:
            await message.respond(b"")
        await states.client.flush()


async def _acquire(states: Account, bucket: KeyValue, me: str) -> int:
    while True:
        try:
            return await bucket.create(_KEY, me.encode())
        except KeyWrongLastSequenceError:
            await _outwait(states, bucket)


async def _outwait(states: Account, bucket: KeyValue) -> None:
    """Wait until the holder answers, or remove the lock of one that is gone."""
    try:
        entry = await bucket.get(_KEY)
    except KeyNotFoundError:
        return
    try:
        await states.client.request((entry.value or b"").decode(), b"", timeout=_ASK_AGAIN_SECONDS)
    except NatsTimeoutError:
        return
    except NoRespondersError:
        try:
            await bucket.delete(_KEY, last=entry.revision)
        except BadRequestError:
            # Somebody else has removed it and may hold it by now.
            return
