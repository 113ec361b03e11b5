"""What is in the streams, as data that can be compared."""

from __future__ import annotations

import hashlib
import json

from devenv.databases.database import EMPTY
from devenv.databases.nats.server import Server
from devenv.databases.nats.states import PRISTINE, StateStore, fingerprints


class NatsComparison:
    """See `devenv.databases.database.Comparison`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def state(self, *, pristine: bool) -> str:
        """By what the server tells of each stream, see `devenv.databases.nats.difference`."""
        if pristine:
            state = self._server.run(StateStore(self._server.states).find(PRISTINE))
            found = state.fingerprints if state else {}
        else:
            found = self._server.run(fingerprints(self._server.live))
        return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest() if found else EMPTY

    def has_more(self) -> bool:
        """Never: what is compared takes the same time whatever the streams hold."""
        return False
