"""The host's resolver: whether programs find names below `localhost`.

curl and browsers take them for the loopback address by themselves (RFC 6761, section 6.3). Programs that call
getaddrinfo, so most HTTP clients of Python, Java or Go, get what the system says: glibc knows them only with
nss-myhostname or systemd-resolved.
"""

from __future__ import annotations

import ipaddress
import socket
import threading

_SECONDS = 0.3
"""A name server that does not answer may be waited for much longer; a name found in a file takes no time."""


class LoopbackQuestion:
    """The question whether a name leads to this machine, asked while something else is done."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._found = False
        # A daemon: one that waits for a name server must not delay the end of the program.
        self._thread = threading.Thread(target=self._ask, name=f"resolve {host}", daemon=True)
        self._thread.start()

    def answer(self) -> bool:
        """Whether it does, as far as is known a moment later."""
        self._thread.join(_SECONDS)
        return self._found

    def _ask(self) -> None:
        try:
            found = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        self._found = bool(found) and all(ipaddress.ip_address(address[4][0]).is_loopback for address in found)


def how_to_resolve(hosts: list[str]) -> str:
    """What makes names resolve, for people."""
    return f"sudo apt-get install libnss-myhostname; or a line in /etc/hosts: 127.0.0.1 {' '.join(hosts)}"
