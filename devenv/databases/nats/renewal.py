"""Making a stream of the name of one that was deleted just now.

The server removes a deleted stream's files in the background, under a second name. While these are still there, the
next deletion of that stream leaves its files where they are (it reports success), and a stream that is made then begins
with their messages, or cannot be restored. So what was made is compared with what was wanted, and made once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from devenv.databases.nats.account import Account, ApiError, Json

NOTHING: Mapping[str, int] = {"messages": 0, "last_seq": 0}
"""The state of a stream that has never held a message."""
_PASSING = ("expected sequence does not match store", "stream name already in use")
"""What the server says when it restores into them, and while it still restores for a client that was killed."""
_ATTEMPTS = 8
_FIRST_PAUSE = 0.01
"""Seconds; doubled from attempt to attempt. Nobody is told when the files are gone."""


async def make_anew(
    account: Account, stream: str, make: Callable[[], Awaitable[Json]], wanted: Mapping[str, int]
) -> None:
    """Make a stream until it has the wanted state.

    Args:
        account: where.
        stream: its name.
        make: makes it and returns its state.
        wanted: messages, of which some may have expired, and the last sequence.

    Raises:
        ApiError: the server refuses, or files remain every time.
    """
    refused = ApiError(f"STREAM.CREATE.{stream}", {"description": "files of a deleted stream remain"})
    for attempt in range(_ATTEMPTS):
        try:
            state = await make()
        except ApiError as error:
            if not any(reason in str(error) for reason in _PASSING):
                raise
            refused = error
        else:
            if state["messages"] <= wanted["messages"] and state["last_seq"] == wanted["last_seq"]:
                return
        await account.delete_stream(stream)
        await asyncio.sleep(_FIRST_PAUSE * 2**attempt)
    raise refused
