"""What is in the live databases, as data that can be compared."""

from __future__ import annotations

import hashlib

from devenv.databases.database import EMPTY
from devenv.databases.redis import states
from devenv.databases.redis.layout import CONTROL, LIVE, state_keys
from devenv.databases.redis.server import Server


class RedisComparison:
    """See `devenv.databases.database.Comparison`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def state(self, *, pristine: bool) -> str:
        """Each key as it is serialized. Times to live pass, and do not count.

        Nor do functions that the pristine state has as well: they are the server's, and outlive FLUSHALL.
        """
        if pristine:
            state = states.pristine(self._server)
            return state.digest if state else EMPTY
        functions = b"" if self._has_pristine_functions() else self._server.call("FUNCTION", "DUMP")
        return states.digest(self._server, 0) + (hashlib.sha256(functions).hexdigest() if functions else "")

    def has_more(self) -> bool:
        state = states.pristine(self._server)
        sizes = self._server.each([call for index in range(LIVE) for call in (("SELECT", index), ("DBSIZE",))])
        self._server.call("SELECT", CONTROL)
        return state is None or sum(sizes[1::2]) > state.keys or not self._has_pristine_functions()

    def _has_pristine_functions(self) -> bool:
        """Whether the server has no functions, or those of the seeds."""
        if not self._server.call("FUNCTION", "LIST"):
            return True
        state = states.pristine(self._server)
        kept = self._server.call("GET", state_keys(state.id)[2]) if state else None
        return bool(self._server.call("FUNCTION", "DUMP") == kept)
