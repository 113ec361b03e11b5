"""The host ports of a cluster, on real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.loopback import free_port

from devenv.adapters.docker import ContainerInfo
from devenv.adapters.host.ports import PortClaims, first_free
from devenv.errors import PortTakenError
from devenv.plan.kind_config import HTTP_NODE_PORT, HTTPS_NODE_PORT
from devenv.runtime.host.ports import (
    PREFERRED_HTTP,
    PREFERRED_HTTPS,
    choose_ports,
    http_ports,
    other_ports,
    require_ports,
)
from devenv.spec.project import Ports
from devenv.spec.render import ProjectFacts


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def free() -> int:
    return free_port()


def container(*ports: tuple[str, int, int], name: str = "node") -> ContainerInfo:
    return ContainerInfo(name, name, "running", {}, ports, {})


CLUSTER = [
    container(name="worker"),
    container(("127.0.0.1", 40001, 6443), ("127.0.0.1", 8081, HTTP_NODE_PORT), ("127.0.0.1", 8444, HTTPS_NODE_PORT)),
]


def test_a_cluster_keeps_its_ports(taken: int) -> None:
    assert http_ports(CLUSTER) == (8081, 8444)
    assert choose_ports(Ports(http=taken, https=taken), CLUSTER) == (8081, 8444)


def test_a_cluster_that_is_stopped_has_its_ports_whatever_the_specification_asks_for(taken: int) -> None:
    """`cluster.ports: auto` would not help: who holds the port is told when the cluster is started."""
    stopped = [container()]
    assert choose_ports(Ports(http=taken), stopped, asleep=True) == (taken, PREFERRED_HTTPS)


def test_ports_that_a_cluster_has_not_are_told() -> None:
    facts = ProjectFacts("alt", "dev", 8081, 8444, "alt")
    assert other_ports(Ports(), facts) == other_ports(Ports(http=8081), facts) == ""
    reported = "the cluster was made with other ports than the specification asks for"
    assert other_ports(Ports(http=9000, https=8444), facts) == f"{reported}: 8081 for http instead of 9000"
    both = other_ports(Ports(http=9000, https=9001), facts)
    assert both == f"{reported}: 8081 for http instead of 9000, 8444 for https instead of 9001"


@pytest.mark.parametrize("containers", [[], [container()], [container(("127.0.0.1", 8081, HTTP_NODE_PORT))]])
def test_without_both_ports_there_is_no_cluster_to_follow(containers: list[ContainerInfo]) -> None:
    assert http_ports(containers) is None


def test_free_ports_of_the_specification_are_taken_as_they_are(free: int) -> None:
    http, https = choose_ports(Ports(http=free, https="auto"), [])

    assert http == free
    assert https == first_free(PREFERRED_HTTPS, avoid={free})


def test_the_preferred_ports_or_the_next_free_ones() -> None:
    http, https = choose_ports(Ports(), [])

    assert (http, https) == (first_free(PREFERRED_HTTP), first_free(PREFERRED_HTTPS, avoid={http}))


def test_a_preferred_port_that_is_taken_is_passed_over() -> None:
    first = first_free(PREFERRED_HTTP)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", first))
        server.listen()
        assert choose_ports(Ports(), [])[0] > first


def test_two_runs_at_once_choose_different_ports_until_the_engine_has_opened_them(free: int) -> None:
    mine, theirs = PortClaims(), PortClaims()
    chosen = choose_ports(Ports(), [], mine)
    assert choose_ports(Ports(), [], mine) == chosen
    assert set(choose_ports(Ports(), [], theirs)).isdisjoint(chosen)
    assert choose_ports(Ports(http=free), [], mine)[0] == free
    with pytest.raises(PortTakenError) as caught:
        choose_ports(Ports(http=free), [], theirs)
    assert caught.value.context["held by"] == "another run of devenv, for the cluster that it makes"
    mine.give_back()
    assert choose_ports(Ports(http=free), [], theirs)[0] == free
    theirs.give_back()


def test_a_claim_ends_with_its_process(free: int) -> None:
    program = (
        f"from devenv.adapters.host.ports import PortClaims as C; c = C(); print(c.take({free}), flush=True); input()"
    )
    claims = PortClaims()
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"True\n"
        assert not claims.take(free)
        process.kill()
    assert claims.take(free)
    claims.give_back()


@pytest.mark.parametrize(
    "cause",
    [
        "driver failed on endpoint n (9f): Bind for 127.0.0.1:{} failed: port is already allocated",
        "Error starting userland proxy: listen tcp4 127.0.0.1:{}: bind: address already in use",
        "failed to bind host port 127.0.0.1:{}/tcp: address already in use",
    ],
)
def test_a_port_that_the_engine_could_not_open_names_its_holder(taken: int, cause: str) -> None:
    with pytest.raises(PortTakenError, match=f"port {taken}, which is cluster devenv-alt's, is taken") as caught:
        require_ports(f"ERROR: failed to create cluster\n{cause.format(taken)}.\nmore", "cluster devenv-alt", made=True)
    assert "devenv down" in caught.value.hint
    if Path("/proc/net/tcp").exists():
        assert f"(pid {os.getpid()})" in caught.value.context["held by"]
    require_ports("the engine refused: 127.0.0.1:1 is fine\nname already in use", "cluster devenv-alt", made=True)


def test_the_two_ports_differ() -> None:
    assert choose_ports(Ports(http=first_free(PREFERRED_HTTPS)), [])[1] > PREFERRED_HTTPS


@pytest.mark.parametrize("name", ["http", "https"])
def test_a_port_of_the_specification_that_is_taken_names_its_holder(taken: int, name: str) -> None:
    with pytest.raises(PortTakenError) as caught:
        choose_ports(Ports.model_validate({name: taken}), [])

    assert caught.value.message == f"port {taken}, which devenv.yaml wants for {name}, is taken"
    assert caught.value.hint == f"end that process, or set cluster.ports.{name}: auto in devenv.yaml"
    if Path("/proc/net/tcp").exists():
        assert f"(pid {os.getpid()})" in caught.value.context["held by"]
