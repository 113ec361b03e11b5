"""Ports of the host: real sockets, and tables as the kernel prints them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.loopback import free_port

from devenv.adapters.host.ports import first_free, holder, is_free
from devenv.errors import PortTakenError

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  0 0 {inode} 1\n"


@pytest.fixture(params=["127.0.0.1", "0.0.0.0", "::"])  # noqa: S104 -- the case that is tested
def listening(request: pytest.FixtureRequest) -> Iterator[int]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as server:
        server.bind((request.param, 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc")
def test_the_holder_of_a_port_is_named(listening: int) -> None:
    found = holder(listening)
    assert found is not None
    assert found.pid == os.getpid()
    assert found.program == Path("/proc/self/comm").read_text().strip()
    assert f"(pid {os.getpid()})" in str(found)
    assert not is_free(listening)


def test_the_next_free_port_is_chosen(listening: int) -> None:
    chosen = first_free(listening, avoid={listening + 1})
    assert chosen > listening + 1
    assert is_free(chosen)
    assert holder(chosen) is None


def test_without_a_free_port_it_says_so() -> None:
    with pytest.raises(PortTakenError):
        first_free(65535, avoid={65535})


@pytest.mark.parametrize(
    ("table", "address", "state", "taken"),
    [
        ("tcp", "0100007F", "0A", True),
        ("tcp", "00000000", "0A", True),
        ("tcp6", "0" * 32, "0A", True),
        ("tcp6", "0000000000000000FFFF00000100007F", "0A", True),
        ("tcp", "0200007F", "0A", False),
        ("tcp6", "00000000000000000000000001000000", "0A", False),
        ("tcp", "0100007F", "01", False),
    ],
)
def test_only_listeners_in_the_way_count(tmp_path: Path, table: str, address: str, state: str, *, taken: bool) -> None:
    port = free_port()
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / table).write_text(HEAD + ROW.format(address=address, port=port, state=state, inode=4711))
    found = holder(port, proc=tmp_path)
    assert (found is not None) is taken
    if found:
        assert found.pid is None
        assert str(found) == "a process of another user"
