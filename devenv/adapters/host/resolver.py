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
from dataclasses import dataclass

_SECONDS = 0.3
"""A name server that does not answer may be waited for much longer; a name found in a file takes no time."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the system's resolver said of a name."""

    host: str
    is_loopback: bool
    """Whether it leads to this machine."""
    seconds: float | None
    """How long it took; None where no answer came in time."""


def unresolved(hosts: Collection[str]) -> list[str]:
    """Those of some names that do not lead to this machine, as far as is known a moment later; sorted."""
    return [found.host for found in resolve(hosts) if not found.is_loopback]


def resolve(hosts: Collection[str], seconds: float = _SECONDS) -> list[Resolution]:
    """Ask for some names, all at once, and wait for so long at most; sorted by name."""
    found: dict[str, Resolution] = {}

    def ask(host: str) -> None:
        began = time.monotonic()
        is_loopback = _is_loopback(host)
        found[host] = Resolution(host, is_loopback, time.monotonic() - began)

    # Daemons: one that waits for a name server must not delay the end of the program.
    threads = [
        threading.Thread(target=ask, args=(host,), name=f"resolve {host}", daemon=True) for host in sorted(hosts)
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return [found.get(host) or Resolution(host, is_loopback=False, seconds=None) for host in sorted(set(hosts))]


def _is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(address[4][0]).is_loopback for address in found)


def how_to_resolve(hosts: list[str]) -> str:
    """What makes names resolve, for people."""
    return f"sudo apt-get install libnss-myhostname; or a line in /etc/hosts: 127.0.0.1 {' '.join(hosts)}"
