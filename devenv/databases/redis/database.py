"""Redis as devenv's database: the pristine state, the reset to it, and snapshots.

A reset swaps the live logical databases with spares that were filled beforehand. For clients it happens at one moment:
their connections stay, what they have WATCHed counts as changed, and what blocks on a key is served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from devenv.databases.database import Address, AppliedMigration
from devenv.databases.redis import states
from devenv.databases.redis.layout import LIVE_CONTENT, PRISTINE, SPARE, SPARE_ID, state_keys
from devenv.databases.redis.link import Call, Link, translate_errors
from devenv.databases.redis.lock import locked
from devenv.databases.redis.seeding import apply_seeds
from devenv.databases.redis.snapshots import RedisSnapshots
from devenv.errors import DatabaseError


class Redis:
    """One Redis server. There are no migrations: what a fresh one holds are the seeds."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._snapshots = RedisSnapshots(link)

    @classmethod
    @contextmanager
    def connect(cls, address: Address) -> Iterator[Self]:
        """A connection for a few calls; raises DatabaseError when the server does not answer or refuses the login."""
        with closing(Link.connect(address)) as link:
            yield cls(link)

    def prepare(self, content: str, seeds: Sequence[Path], *, fresh: bool = False) -> bool:
        """See `Database.prepare`. A fresh server is an empty one."""
        del fresh
        with translate_errors("keep its pristine state"), locked(self._link):
            kept = False
            state = states.pristine(self._link)
            if state is None or state.content != content:
                state = self._make_pristine(content, seeds)
            if self._link.call("GET", LIVE_CONTENT) is None:
                kept = not states.may_replace(self._link, state)
                if kept:
                    self._link.call("SET", LIVE_CONTENT, content)
                else:
                    self._return_to(state)
            states.fill_spares(self._link, state)
            return kept

    def pristine(self) -> str:
        """The `content` of the last `prepare`; empty when there is no pristine state."""
        with translate_errors("tell its pristine state"):
            state = states.pristine(self._link)
        return state.content if state else ""

    def make_spare(self) -> None:
        """Fill the logical databases that the next reset swaps in."""
        with translate_errors("make its spares"), locked(self._link):
            if state := states.pristine(self._link):
                states.fill_spares(self._link, state)

    def reset(self) -> None:
        """Swap the pristine state in; the spares for it are made first where there are none."""
        with translate_errors("be reset"), locked(self._link):
            state = states.pristine(self._link)
            if state is None:
                raise DatabaseError("redis has no pristine state to return to", hint="devenv up")
            self._return_to(state)

    def empty(self) -> None:
        """Drop the live data, functions and the pristine state; snapshots stay."""
        with translate_errors("be emptied"), locked(self._link):
            self._link.transaction(
                [
                    ("DEL", PRISTINE, LIVE_CONTENT, SPARE_ID),
                    ("FUNCTION", "FLUSH"),
                    *states.flushes(0),
                    *states.flushes(SPARE),
                ]
            )
            states.sweep(self._link)

    def touched(self) -> bool:
        """See `Database.touched`: each key as it is serialized, as many as there are in the pristine state."""
        with translate_errors("compare its data with its pristine state"):
            state = states.pristine(self._link)
            return state is None or states.differs(self._link, state)

    def applied(self) -> tuple[AppliedMigration, ...]:
        """None: Redis has no schema."""
        return ()

    @property
    def snapshots(self) -> RedisSnapshots:
        """Named states of this server."""
        return self._snapshots

    def _return_to(self, state: states.State) -> None:
        states.put_in_place(self._link, state, also=(("SET", LIVE_CONTENT, state.content),))
        states.empty_spares(self._link)

    def _make_pristine(self, content: str, seeds: Sequence[Path]) -> states.State:
        """Build the state in the spare databases and serialize it; live data is not touched."""
        states.empty_spares(self._link)
        functions = apply_seeds(self._link, seeds)
        state = states.capture(self._link, SPARE, content)
        states.empty_spares(self._link)
        self._keep_functions(functions, state)
        self._link.call("SET", PRISTINE, state.text)
        states.sweep(self._link)
        return state

    def _keep_functions(self, loads: Sequence[Call], state: states.State) -> None:
        """Serialize the seeds' functions. They are the server's, not a database's: the live ones return at once."""
        _, _, kept = state_keys(state.id)
        live = self._link.call("FUNCTION", "DUMP")
        *_, seeded, _ = self._link.transaction(
            [("FUNCTION", "FLUSH"), *loads, ("FUNCTION", "DUMP"), ("FUNCTION", "RESTORE", live, "FLUSH")]
        )
        self._link.call("SET", kept, seeded)
