"""The host's resolver: whether programs find names below `localhost`.

curl and browsers take them for the loopback address by themselves (RFC 6761, section 6.3). Programs that call
getaddrinfo, so most HTTP clients of Python, Java or Go, get what the system says: glibc knows them only with
nss-myhostname or systemd-resolved.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Collection

_SECONDS = 0.3
"""A name server that does not answer may be waited for much longer; a name found in a file takes no time."""


def unresolved(hosts: Collection[str]) -> list[str]:
    """Those of some names that do not lead to this machine, as far as is known a moment later; sorted."""
    found: set[str] = set()

    def ask(host: str) -> None:
        if _is_loopback(host):
            found.add(host)

    # Daemons: one that waits for a name server must not delay the end of the program.
    threads = [
        threading.Thread(target=ask, args=(host,), name=f"resolve {host}", daemon=True) for host in sorted(hosts)
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + _SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return sorted(set(hosts) - found)


def _is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(address[4][0]).is_loopback for address in found)


def how_to_resolve(hosts: list[str]) -> str:
    """What makes names resolve, for people."""
    return f"sudo apt-get install libnss-myhostname; or a line in /etc/hosts: 127.0.0.1 {' '.join(hosts)}"
