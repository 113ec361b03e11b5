"""Which engines a cluster cannot work in; what an engine says of itself is written down here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.adapters.docker import EngineVersion
from devenv.runtime.host.fitness import apart, unfit

SOCKET = "http+docker://localhost"
DOCKER = EngineVersion("id", "28.2", "1.50", "linux", "amd64", "1", "overlay2", Path("/var/lib/docker"))
ID = "ab" * 32


@pytest.mark.parametrize("address", [SOCKET, "http://127.0.0.1:2375", "https://[::1]:2376", "http://localhost:2375"])
def test_an_engine_of_this_machine_will_do(address: str) -> None:
    assert unfit(address, DOCKER) is None


@pytest.mark.parametrize("address", ["http+docker://ssh", "http://192.0.2.7:2375", "https://docker:2376"])
def test_an_engine_of_another_machine_will_not(address: str) -> None:
    reason = unfit(address, DOCKER)
    assert reason
    assert "on another machine" in reason[0]
    assert "unset DOCKER_HOST" in reason[1]


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (replace(DOCKER, podman=True), "podman"),
        (replace(DOCKER, os="windows"), "windows"),
        (replace(DOCKER, rootless=True), "version 2"),
        (replace(DOCKER, rootless=True, cgroup="2", limits=False), "may not limit"),
    ],
)
def test_an_engine_of_another_kind_will_not(facts: EngineVersion, word: str) -> None:
    reason = unfit(SOCKET, facts)
    assert reason
    assert word in reason[0]


def test_a_rootless_engine_that_may_limit_will_do() -> None:
    assert unfit(SOCKET, replace(DOCKER, rootless=True, cgroup="2")) is None


@pytest.mark.parametrize(
    ("mode", "reported"),
    [(None, False), ("host", False), ("container:f00", False), ("bridge", True), ("devcontainer_default", True)],
)
def test_a_container_with_a_network_of_its_own_does_not_reach_a_cluster(
    tmp_path: Path, mode: str | None, *, reported: bool
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"617 600 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n")
    asked = []

    def network_mode(container: str) -> str | None:
        asked.append(container)
        return mode

    assert bool(apart(network_mode, mounts)) is reported
    assert asked == [ID]


def test_outside_of_containers_nobody_is_asked(tmp_path: Path) -> None:
    """Also while the engine copies a file out of one, for which it mounts the container's files on the host."""
    mounts = tmp_path / "mountinfo"
    copied = f"/var/lib/docker/containers/{ID}/hosts /var/lib/docker/overlay2/ab/merged/etc/hosts"
    mounts.write_text(f"25 30 0:23 / /proc rw - proc proc rw\n617 600 8:1 {copied} rw - ext4 /dev/sda1 rw\n")
    assert apart(lambda _: "bridge", mounts) is None
    assert apart(lambda _: "bridge", tmp_path / "none") is None
