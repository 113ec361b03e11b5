"""How a database is kept for oneself while it is changed, and how its driver's errors are translated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from devenv.errors import DatabaseError


def _as_raised(_what: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Access:
    """An engine's own lock and errors."""

    title: str
    """What people call the database: `PostgreSQL database shop`."""
    lock: Callable[[], AbstractContextManager[None]]
    """Waits for all others that change the database, and lets go when its holder dies."""
    translate_errors: Callable[[str], AbstractContextManager[None]] = _as_raised
    """Turns the driver's errors into DatabaseErrors that say what failed; for engines whose clients raise others."""

    @contextmanager
    def changing(self, what: str) -> Iterator[None]:
        """Change the database: nobody else does meanwhile. `what` is a verb: `reset`."""
        with self.translate_errors(f"{what} {self.title}"), self.lock():
            yield

    def looking(self, what: str) -> AbstractContextManager[None]:
        """Look at the database as it is."""
        return self.translate_errors(f"{what} {self.title}")

    def no_pristine(self) -> DatabaseError:
        """The error where there is no state to return to."""
        return DatabaseError(
            f"{self.title} has no pristine state to return to: its migrations or seeds have not run", hint="devenv up"
        )
