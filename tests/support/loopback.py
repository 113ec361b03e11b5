"""Names below `localhost` that the resolver may not know: their ports are on the loopback."""

from __future__ import annotations

import http.client
import ssl


class LoopbackHttps(http.client.HTTPSConnection):
    """HTTPS to 127.0.0.1 with the name of the URL for SNI and for the certificate's check."""

    def __init__(self, name: str, port: int | None, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=20, context=context)
        self._name, self._tls = name, context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)
