"""What of a Redis server belongs to applications, and what to devenv.

Applications have the logical databases 0 to 15, as many as an unconfigured server has. The ones above hold a spare of
each, one for control (states, the lock, and marks), and those that tests have for themselves.
"""

from __future__ import annotations

LIVE = 16
"""Logical databases of the applications: 0 to LIVE - 1."""
SPARE = LIVE
"""Index of the spare of database 0; the others follow."""
CONTROL = 2 * LIVE
"""Index of the database with what devenv notes."""
NEEDED = CONTROL + 1
"""What `databases` in the server's configuration must be at least."""
TESTS = NEEDED
"""Index of the first database that a test may have for itself; neither a reset nor a snapshot touches them."""
TESTS_COUNT = 32

LOCK = "lock"
UNLOCKED = "unlocked"
"""A list; whoever waits for the lock blocks on it."""
LAST_ID = "last-id"
PRISTINE = "pristine"
"""JSON of the pristine state."""
SNAPSHOTS = "snapshots"
"""Hash: name to JSON of the state."""
SPARE_ID = "spare-id"
"""The state that the spare databases hold; absent while they hold none as a whole."""
LIVE_CONTENT = "live-content"
"""Set once the live databases were prepared."""


def state_keys(state_id: int) -> tuple[str, str, str]:
    """Keys of a state's data: serialized keys, times to live, functions."""
    return f"state:{state_id}", f"state:{state_id}:ttl", f"state:{state_id}:functions"
