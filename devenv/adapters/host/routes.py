"""The machine's routes: which networks it reaches by which device, VPNs among them.

Responsible for IPv4, in which engines and kind give out addresses. It changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

_TABLE = Path("/proc/net/route")


@dataclass(frozen=True, slots=True)
class Route:
    """A network that is reached by a device."""

    network: IPv4Network
    device: str
    """`eth0`, `tun0`, `br-66e75b8dd5b4` …"""


def observe_routes(table: Path = _TABLE) -> tuple[Route, ...]:
    """All routes of the main table but the default ones; none where the kernel does not tell."""
    if not table.is_file():
        return ()
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    found = (Route(_network(row[1], row[7]), row[0]) for row in rows)
    return tuple(route for route in found if route.network.prefixlen > 1)  # two halves stand for a default route


def _network(destination: str, mask: str) -> IPv4Network:
    return IPv4Network((_address(destination), str(_address(mask))), strict=False)


def _address(word: str) -> IPv4Address:
    """The kernel prints an address as a little-endian word."""
    return IPv4Address(int.from_bytes(bytes.fromhex(word), "little"))
