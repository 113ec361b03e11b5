"""TCP ports of the host: which are free for 127.0.0.1, and who holds one that is not.

Responsible for reading /proc and trying a bind; it never keeps a port, only tells others of devenv's that one is meant
for a cluster.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import PortTakenError
from devenv.spec.project import LOOPBACK

_PROC = Path("/proc")
_LISTEN = "0A"
"""TCP_LISTEN in the kernel's tables (include/net/tcp_states.h)."""
_CONFLICTING = {
    "0100007F",  # 127.0.0.1; the kernel prints the address as a little-endian word
    "00000000",  # 0.0.0.0
    "0" * 32,  # ::, which takes IPv4 connections too unless told otherwise
    "0000000000000000FFFF00000100007F",  # ::ffff:127.0.0.1
}
_HIGHEST = 65535


@dataclass(frozen=True, slots=True)
class PortHolder:
    """Who listens on a port. Without `pid`: a process of another user, or of another namespace."""

    port: int
    pid: int | None
    program: str | None

    def __str__(self) -> str:
        if self.pid is None:
            return "a process of another user"
        return f"{self.program or 'a process'} (pid {self.pid})"


def holder(port: int, *, proc: Path = _PROC) -> PortHolder | None:
    """Who holds `port` of 127.0.0.1; None when it is free."""
    inode = _listening_inode(port, proc)
    if inode:
        return _process_with(inode, port, proc)
    return None if _can_bind(port) else PortHolder(port, None, None)


def is_free(port: int) -> bool:
    """Whether something could listen on `port` of 127.0.0.1."""
    return not _listening_inode(port, _PROC) and _can_bind(port)


class PortClaims:
    """Ports that a run has chosen and that the engine opens later: other runs of devenv choose others meanwhile.

    A claim is the name of a socket in this machine's network, which the kernel gives once, and takes back from a
    process that dies. Other systems than Linux have no such names: there nothing is claimed, and all can be had.
    """

    def __init__(self) -> None:
        self._held: dict[int, socket.socket] = {}

    def take(self, port: int) -> bool:
        """Claim a port; false where another run has."""
        if port in self._held or sys.platform != "linux":
            return True
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0devenv/port/{port}")
        except OSError as error:
            claim.close()
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        self._held[port] = claim
        return True

    def give_back(self, *ports: int) -> None:
        """Give back claims, all of them where none is named: the engine has opened the ports, or nobody will."""
        for port in ports or tuple(self._held):
            if claim := self._held.pop(port, None):
                claim.close()


def first_free(preferred: int, *, avoid: Container[int] = (), claims: PortClaims | None = None) -> int:
    """`preferred`, or the next port above it that is free, which it then claims.

    Raises PortTakenError when there is none.
    """
    for port in range(preferred, _HIGHEST + 1):
        if port in avoid or (claims and not claims.take(port)):
            continue
        if is_free(port):  # asked after the claim: whoever claimed it before has it opened by now
            return port
        if claims:
            claims.give_back(port)
    raise PortTakenError(f"no port from {preferred} upwards is free", hint="set cluster.ports in devenv.yaml")


def _listening_inode(port: int, proc: Path) -> str:
    """The socket that listens where 127.0.0.1:`port` would; `0` counts, empty when there is none."""
    for table in (proc / "net/tcp", proc / "net/tcp6"):
        if not table.is_file():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            address, _, hexadecimal = fields[1].partition(":")
            if int(hexadecimal, 16) == port and fields[3] == _LISTEN and address in _CONFLICTING:
                return fields[9]
    return ""


def _process_with(inode: str, port: int, proc: Path) -> PortHolder:
    wanted = f"socket:[{inode}]"
    for process in proc.iterdir():
        if process.name.isdigit() and _holds(process, wanted):
            return PortHolder(port, int(process.name), _program(process))
    return PortHolder(port, None, None)


def _holds(process: Path, wanted: str) -> bool:
    try:
        return any(_target(handle) == wanted for handle in (process / "fd").iterdir())
    except OSError:  # ended meanwhile, or of another user: then it cannot be told
        return False


def _target(handle: Path) -> str:
    try:
        return str(handle.readlink())
    except OSError:  # closed meanwhile
        return ""


def _program(process: Path) -> str | None:
    try:
        return (process / "comm").read_text().strip() or None
    except OSError:  # ended meanwhile
        return None


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE  # EACCES below 1024: the engine, being root, can
    return True
