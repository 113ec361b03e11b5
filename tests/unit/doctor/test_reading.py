"""What is read of a machine: files as kernels and distributions write them, and this machine itself."""

from __future__ import annotations

import os
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from devenv.adapters.files.paths import data_root
from devenv.adapters.host.file_systems import observe_file_system
from devenv.adapters.host.limits import observe_limits
from devenv.adapters.host.routes import Route, observe_routes
from devenv.runtime.doctor.checks.platform import read_platform
from devenv.runtime.doctor.requests import Requests, requests_in, requests_of
from devenv.spec.load import load_workspace

ROUTES = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0
tun0\t000010AC\t00000000\t0001\t0\t0\t0\t0000F0FF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""
EXAMPLE = Path(__file__).parents[3] / "examples" / "alt"


def test_routes_are_read_without_those_of_everything_else(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(ROUTES)
    assert observe_routes(tmp_path / "route") == (
        Route(IPv4Network("172.16.0.0/12"), "tun0"),
        Route(IPv4Network("172.17.0.0/16"), "docker0"),
    )
    assert observe_routes(tmp_path / "none") == ()


@pytest.mark.skipif(not Path("/proc/sys/fs/inotify").exists(), reason="needs Linux")
def test_this_machine_has_limits() -> None:
    limits = observe_limits()
    assert limits.another_instance
    assert limits.instances
    assert limits.watches
    assert (limits.instances_of_root is not None) is (os.geteuid() == 0)
    assert limits.system_files
    assert limits.system_files[0] < limits.system_files[1]


def test_a_folder_that_is_yet_to_be_made_is_tried_where_it_would_be(tmp_path: Path) -> None:
    found = observe_file_system(tmp_path / "not" / "there")
    assert (found.writable, found.modes, found.hard_links) == (True, True, True)
    assert found.kind
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_of_somebody_else_is_not_writable() -> None:
    assert not observe_file_system(Path("/etc")).writable


def test_kinds_of_machines_are_read_from_their_files(tmp_path: Path) -> None:
    for name, text in {
        "sys/fs/selinux/enforce": "1",
        "proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n",
        "etc/firewalld/firewalld.conf": "# x\nDefaultZone=public\nFirewallBackend=iptables\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = read_platform(tmp_path, "6.12", rootless=True)
    assert (found.selinux_enforces, found.apparmor_restricts, found.firewalld_backend) == (True, True, "")
    (tmp_path / "run/firewalld").mkdir(parents=True)
    assert read_platform(tmp_path, "6.12", rootless=True).firewalld_backend == "iptables"
    (tmp_path / "etc/firewalld/firewalld.conf").unlink()
    assert read_platform(tmp_path, "6.12", rootless=True).firewalld_backend == "nftables"


def test_requests_are_added_up_as_often_as_there_are_replicas() -> None:
    values = {
        "replicas": 2,
        "resources": {"requests": {"memory": "64Mi", "cpu": "50m"}, "limits": {"memory": "1Gi"}},
        "sidecars": [{"resources": {"requests": {"memory": "1Mi"}}}],
        "webhook": {"replicaCount": 3, "resources": {"requests": {"cpu": 1}}},
        "none": {"requests": None, "resources": {"requests": {"memory": "much", "cpu": None}}},
    }
    assert requests_in(values) == Requests(2 * 65 * 2**20, 2 * 0.05 + 3)


def test_the_example_asks_for_something_and_for_more_as_in_production() -> None:
    profiles = [load_workspace(EXAMPLE, data_root=data_root(), profile=name) for name in ("dev", "prod")]
    small, large = (requests_of(workspace) for workspace in profiles)
    assert small["postgres"].memory > 0
    assert large["postgres"].memory > small["postgres"].memory
    assert set(small) == set(profiles[0].selected)
