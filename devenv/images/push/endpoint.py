"""The server that the engine pushes to: on loopback, for as long as something is being pushed.

It is the standard library's: it is asked some ten requests by one client on the same machine, over HTTP/1.1 with
chunked bodies, and a web framework would bring an event loop, its own threads and a dependency for that. Nothing
answers outside a path with an unguessable part, so that no other program on the machine can write here.
"""

from __future__ import annotations

import sys
import threading
from http.server import ThreadingHTTPServer
from typing import Any

from devenv.images.push.protocol import UNIDENTIFIED_SECONDS, PushHandler, PushState, Receiver
from devenv.spec.project import LOOPBACK

_POLL_SECONDS = 0.02
"""How often the server looks whether it is to end."""


class PushEndpoint:
    """The server; starts with its creation."""

    def __init__(self, port: int, unidentified_seconds: float = UNIDENTIFIED_SECONDS) -> None:
        """Raises OSError when the port is taken; 0 is any port."""
        self._state = PushState(unidentified_seconds)
        self._server = _Server((LOOPBACK, port), self._state)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="push endpoint", daemon=True
        )
        self._thread.start()

    @property
    def was_asked(self) -> bool:
        """Whether the engine has reached this endpoint."""
        return self._state.asked.is_set()

    @property
    def bug(self) -> BaseException | None:
        """What a request has failed with that nobody foresaw."""
        return self._server.bug

    def open(self, path: str, receiver: Receiver) -> str:
        """Let `receiver` have what is pushed to `path`; returns the repository's whole name."""
        self._state.receivers[path] = receiver
        return f"{LOOPBACK}:{self.port}/{path}"

    def shut(self, path: str) -> None:
        """Nothing more is taken at `path`."""
        del self._state.receivers[path]

    def close(self) -> None:
        """Stop answering; uploads that are not complete are dropped."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for blob in self._state.uploads.values():
            blob.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    block_on_close = False
    bug: BaseException | None = None

    def __init__(self, address: tuple[str, int], state: PushState) -> None:
        self._state = state
        super().__init__(address, type("Handler", (PushHandler,), {"state": state}))

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 (the library's interface)
        """Whether a new connection is served: any is."""
        self._state.admit(request)
        return True

    def service_actions(self) -> None:
        """Look after the connections, each time that the server looks whether it is to end."""
        self._state.dismiss_overdue()

    def shutdown_request(self, request: Any) -> None:
        """A connection is over."""
        self._state.recognise(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (the library's interface)
        """Keep an error for who pushes; connections may break off: the engine tries HTTPS first."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.bug = error
