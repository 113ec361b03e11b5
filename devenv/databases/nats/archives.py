"""A stream with its messages and consumers as bytes, by JetStream's own snapshots."""

from __future__ import annotations

import asyncio
import json

from nats.aio.msg import Msg

from devenv.databases.nats.account import Account, ApiError, Json
from devenv.databases.nats.renewal import make_anew

_CHUNK = 256 * 1024
_IDLE_SECONDS = 60


async def archive(account: Account, stream: str) -> tuple[Json, bytes]:
    """A stream as it is at one moment: configuration and state, and its data."""
    inbox = account.client.new_inbox()
    chunks: list[bytes] = []
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def receive(message: Msg) -> None:
        if message.data:
            chunks.append(message.data)
            if message.reply:
                await message.respond(b"")
        elif not ended.done():
            ended.set_result((message.headers or {}).get("Description", ""))

    subscription = await account.client.subscribe(inbox, cb=receive)
    try:
        subject = f"STREAM.SNAPSHOT.{stream}"
        described = await account.request(subject, {"deliver_subject": inbox, "chunk_size": _CHUNK})
        failure = await asyncio.wait_for(ended, _IDLE_SECONDS)
        if failure:
            raise ApiError(subject, {"description": failure})
    finally:
        await subscription.unsubscribe()
    return {"config": described["config"], "state": described["state"]}, b"".join(chunks)


async def restore(account: Account, stream: str, described: Json, data: bytes) -> None:
    """Make a stream of its archive; none of that name may be there."""

    async def make() -> Json:
        return await _restore(account, stream, described, data)

    await make_anew(account, stream, make, described["state"])


async def _restore(account: Account, stream: str, described: Json, data: bytes) -> Json:
    """Send an archive; returns the state of the stream that the server made of it."""
    subject = f"STREAM.RESTORE.{stream}"
    accepted = await account.request(subject, described)
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    for chunk in (*chunks, b""):
        answer = await account.client.request(accepted["deliver_subject"], chunk, timeout=_IDLE_SECONDS)
        # A chunk is answered by nothing, the end by the stream or an error.
        made: Json = json.loads(answer.data) if answer.data else {}
        if "error" in made:
            raise ApiError(subject, made["error"])
    state: Json = made["state"]
    return state
