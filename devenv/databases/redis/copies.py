"""The copies of a Redis server's keys that devenv keeps beside the live ones.

A reset swaps the live logical databases with spares that were filled beforehand. For clients it happens at one moment:
their connections stay, what they have WATCHed counts as changed, and what blocks on a key is served.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from devenv.databases.access import Access
from devenv.databases.redis import states
from devenv.databases.redis.layout import LIVE_CONTENT, PRISTINE, SPARE, state_keys
from devenv.databases.redis.seeds import apply_seeds
from devenv.databases.redis.server import Call, Server


class RedisCopies:
    """See `devenv.databases.database.Copies`. There are no migrations: what a fresh server holds are the seeds."""

    def __init__(self, server: Server, access: Access) -> None:
        self._server = server
        self._access = access

    def pristine(self) -> str:
        state = states.pristine(self._server)
        return state.content if state else ""

    def live_mark(self) -> str:
        mark: bytes = self._server.call("GET", LIVE_CONTENT) or b""
        return mark.decode()

    def note_live(self, mark: str) -> None:
        self._server.call("SET", LIVE_CONTENT, mark)

    def make_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """Built in the spare databases and serialized; live data is not touched."""
        if self.pristine() == content:
            return
        states.empty_spares(self._server)
        functions = apply_seeds(self._server, seeds)
        state = states.capture(self._server, SPARE, content)
        states.empty_spares(self._server)
        self._keep_functions(functions, state)
        self._server.call("SET", PRISTINE, state.text)
        states.sweep(self._server)

    def make_spare(self) -> None:
        """Fills the logical databases that the next reset swaps in."""
        states.fill_spares(self._server, self._required())

    def replace_live(self, content: str) -> None:
        """One transaction, after the spares are filled where they are not."""
        states.put_in_place(self._server, self._required(), also=(("SET", LIVE_CONTENT, content),))
        states.empty_spares(self._server)

    def _required(self) -> states.State:
        state = states.pristine(self._server)
        if state is None:
            raise self._access.no_pristine()
        return state

    def _keep_functions(self, loads: Sequence[Call], state: states.State) -> None:
        """Serialize the seeds' functions. They are the server's, not a database's: the live ones return at once."""
        _, _, kept = state_keys(state.id)
        live = self._server.call("FUNCTION", "DUMP")
        *_, seeded, _ = self._server.transaction(
            [("FUNCTION", "FLUSH"), *loads, ("FUNCTION", "DUMP"), ("FUNCTION", "RESTORE", live, "FLUSH")]
        )
        self._server.call("SET", kept, seeded)
