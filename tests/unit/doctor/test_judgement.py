"""What is made of what was read: each kind of finding, from values alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.doctor_facts import (
    DOCKER,
    LEFT,
    LIMITS,
    NETWORKS,
    NOW,
    PLENTY,
    POD,
    RUNNING,
    TRUST,
    killed,
    network,
    route,
)

from devenv.adapters.certificates import Lifetime
from devenv.adapters.docker import ContainerInfo
from devenv.adapters.host.file_systems import FileSystem
from devenv.adapters.host.limits import Limits
from devenv.adapters.host.resolver import Resolution
from devenv.adapters.host.trust import Proxies
from devenv.adapters.kubernetes.cert_manager import Unissued
from devenv.adapters.kubernetes.cluster import Recorded, Release
from devenv.adapters.tools.toolchain import Located
from devenv.errors import EngineSilentError, EngineUnavailableError, Problem, SpecError, UnfitEngineError
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.doctor.catalogue import KINDS
from devenv.runtime.doctor.check import Check
from devenv.runtime.doctor.checks import (
    certificates,
    clock,
    cluster,
    engine,
    files,
    leftovers,
    limits,
    names,
    networks,
    platform,
    ports,
    registries,
    room,
    specification,
    tools,
    trust,
)
from devenv.runtime.doctor.examine import NO_ANSWER
from devenv.runtime.doctor.finding import Finding, Severity
from devenv.runtime.doctor.requests import Requests
from devenv.runtime.host.capacity import estimate
from devenv.runtime.observe.cluster import ClusterFacts

GB = 10**9
HOME = Path("/home/ada/.cache/devenv")
ENGINE = engine.EngineFacts(version=DOCKER, address="http+docker://localhost")
ROOM = room.RoomFacts(estimate(nodes=1, clusters=1, tools=1), PLENTY, DOCKER, 1, {"db": Requests(GB, 0.5)})
SHORT = replace(PLENTY, memory=GB, engine_disk=2 * GB, cache_disk=GB // 2)
PROXY = Proxies("http://proxy.corp:3128", "http://proxy.corp:3128", "localhost,127.0.0.1")
SOON = Lifetime("CN=devenv local CA", NOW + timedelta(days=3))
LATER = Lifetime("CN=devenv local CA", NOW + timedelta(days=300))
EMPTY = ClusterFacts(ClusterState.RUNNING)
CERTIFICATES = certificates.CertificateFacts(NOW, LATER, (), (), LATER, ("devenv-shop-control-plane",))
UNISSUED = Unissued("shop", "web", "web-tls", 'Referenced "ClusterIssuer" not found', failed=False)


def failed(**changes: Any) -> ClusterFacts:
    return replace(EMPTY, records={"web": Recorded("x", releases=("apps/web",))}, **changes)


def version(**changes: Any) -> engine.EngineFacts:
    return replace(ENGINE, version=replace(DOCKER, **changes))


def limited(**changes: Any) -> limits.LimitFacts:
    return limits.LimitFacts(replace(LIMITS, **changes), 1, root=True)


def place(what: str = "cache", kind: str = "ext4", **changes: bool) -> tuple[files.Place, ...]:
    return (files.Place(what, FileSystem(HOME, kind, **{"writable": True, **changes})),)


def trusted(**changes: Any) -> trust.TrustFacts:
    return replace(TRUST, **changes)


CASES: list[tuple[Check[Any], Any, list[str]]] = [
    (specification.CHECK, SpecError([Problem(Path("devenv.yaml"), 3, "stacks", "is missing")]), ["spec-invalid"]),
    (engine.CHECK, ENGINE, []),
    (engine.CHECK, engine.EngineFacts(EngineUnavailableError("none", hint="devenv engine")), ["engine-missing"]),
    (engine.CHECK, engine.EngineFacts(EngineSilentError("busy")), ["engine-silent"]),
    (engine.CHECK, engine.EngineFacts(EngineUnavailableError("x", context={"cause": "timed out"})), ["engine-silent"]),
    (engine.CHECK, engine.EngineFacts(UnfitEngineError("ssh", hint="here")), ["engine-unfit"]),
    (engine.CHECK, version(podman=True), ["engine-unfit"]),
    (engine.CHECK, replace(ENGINE, apart=("in a container", "--network host")), ["engine-unfit"]),
    (engine.CHECK, version(api="1.40"), ["engine-old"]),
    (engine.CHECK, version(storage_driver="vfs"), ["storage-driver"]),
    (engine.CHECK, version(cgroup="1"), ["cgroup-v1"]),
    (engine.CHECK, version(forwards=False), ["ip-forwarding"]),
    (engine.CHECK, replace(ENGINE, sys_resource=False), ["engine-runtime"]),
    (engine.CHECK, replace(version(runtime="devenv"), sys_resource=False), []),
    (engine.CHECK, version(root=Path("/var/snap/docker/common")), ["engine-snap"]),
    (room.CHECK, ROOM, []),
    (room.CHECK, replace(ROOM, capacity=SHORT), ["memory", "engine-disk", "cache-disk"]),
    (room.CHECK, replace(ROOM, requests={"db": Requests(64 * GB)}), ["memory-requests"]),
    (room.CHECK, replace(ROOM, requests={"db": Requests(0, 7.5)}), ["processor-requests"]),
    (limits.CHECK, limited(), []),
    (limits.CHECK, limited(another_instance=False), ["inotify-exhausted"]),
    (limits.CHECK, limited(instances=128, instances_of_root=100), ["inotify-instances"]),
    (limits.CHECK, limited(instances=16, instances_of_root=None), ["inotify-instances"]),
    (limits.CHECK, limited(watches=8192), ["inotify-watches"]),
    (limits.CHECK, limited(open_files=256), ["open-files"]),
    (limits.CHECK, limited(open_files=-1), []),
    (limits.CHECK, limited(system_files=(95, 100)), ["system-files"]),
    (limits.CHECK, limits.LimitFacts(Limits(None, None, True, None, 1024, None), 4, root=False), []),  # noqa: FBT003
    (ports.CHECK, (ports.PortFacts("http", 8080, "", rootless=False),), []),
    (ports.CHECK, (ports.PortFacts("http", 8080, "nginx (pid 7)", rootless=False),), ["port-taken"]),
    (ports.CHECK, (ports.PortFacts("http", 80, "", rootless=True),), ["port-privileged"]),
    (networks.CHECK, NETWORKS, []),
    (networks.CHECK, replace(NETWORKS, routes=(route("172.18.0.0/16", "br-shop"),)), []),
    (networks.CHECK, replace(NETWORKS, routes=(route("172.18.5.0/24", "tun0"),)), ["subnet-clash"]),
    (networks.CHECK, replace(NETWORKS, routes=(route("10.244.0.0/15", "tun0"),)), ["pod-subnet-clash"]),
    (networks.CHECK, replace(NETWORKS, routes=(route("10.244.0.0/24", "br-1"),)), []),
    (networks.CHECK, replace(NETWORKS, pools=(("10.213.0.0/23", 24),)), ["address-pools"]),
    (names.CHECK, names.NameFacts((Resolution("a.localhost", True, 0.001),), root=True), []),  # noqa: FBT003
    (names.CHECK, names.NameFacts((Resolution("a.localhost", False, 0.001),), root=True), ["names-unresolved"]),  # noqa: FBT003
    (names.CHECK, names.NameFacts((Resolution("a.localhost", True, 0.7),), root=True), ["names-slow"]),  # noqa: FBT003
    (names.CHECK, names.NameFacts((Resolution("any.localhost", False, None),), root=True), ["names-slow"]),  # noqa: FBT003
    (trust.CHECK, TRUST, []),
    (trust.CHECK, trusted(unusable="is not there", named="/none"), ["ca-bundle"]),
    (trust.CHECK, trusted(added=((Path("/corp.crt"), SOON), (Path("/other.crt"), LATER))), ["ca-bundle-expired"]),
    (trust.CHECK, trusted(proxies=replace(PROXY, exempt="")), ["proxy-exemptions", "engine-proxy"]),
    (trust.CHECK, trusted(proxies=replace(PROXY, exempt="*"), engine=None), []),
    (
        trust.CHECK,
        trusted(proxies=PROXY, engine=replace(DOCKER, http_proxy="http://p"), unreachable=(("p:1", "refused"),)),
        ["proxy-unreachable"],
    ),
    (trust.CHECK, trusted(proxies=replace(PROXY, https="http://ada:secret@p:1"), engine=None), ["proxy-password"]),
    (trust.CHECK, trusted(local_ca_file=Path("/ca.crt"), local_ca=SOON), ["local-ca"]),
    (trust.CHECK, trusted(local_ca_file=Path("/ca.crt")), ["local-ca"]),
    (registries.CHECK, registries.RegistryFacts({}, {}), []),
    (registries.CHECK, registries.RegistryFacts({"ghcr.io": "timed out"}, {"ghcr.io": 2}), ["registry-unreachable"]),
    (
        registries.CHECK,
        registries.RegistryFacts({"q.io": "certificate verify failed: self-signed"}, {"q.io": 0}),
        ["registry-untrusted"],
    ),
    (
        registries.CHECK,
        registries.RegistryFacts({"docker.io": ""}, {"docker.io": 12}, left=11),
        ["registry-rate-limit"],
    ),
    (registries.CHECK, registries.RegistryFacts({"docker.io": ""}, {"docker.io": 12}, left=76), []),
    (clock.CHECK, 0.4, []),
    (clock.CHECK, -8.0, ["clock-skew"]),
    (files.CHECK, place(), []),
    (files.CHECK, place("project", "9p", hard_links=False, modes=False), ["file-system-slow"]),
    (files.CHECK, place(modes=False), ["file-modes"]),
    (files.CHECK, place(hard_links=False), ["hard-links"]),
    (files.CHECK, place(writable=False), ["folder-unusable"]),
    (tools.CHECK, tools.ToolFacts({"kind": Located("kind", None, None, "missing")}, docker=True), []),
    (tools.CHECK, tools.ToolFacts({}, docker=False), ["docker-missing"]),
    (
        tools.CHECK,
        tools.ToolFacts(
            {"kind": Located("kind", None, None, "missing", "/usr/bin/kind is 0.20, wanted is >=0.30")}, docker=True
        ),
        ["tool-version"],
    ),
    (platform.CHECK, platform.PlatformFacts("6.12.1-amd64"), []),
    (platform.CHECK, platform.PlatformFacts("5.15.90.1-microsoft-standard-WSL2"), ["wsl"]),
    (platform.CHECK, platform.PlatformFacts("6.12", selinux_enforces=True), ["selinux"]),
    (platform.CHECK, platform.PlatformFacts("6.12", firewalld_backend="nftables"), ["firewalld"]),
    (platform.CHECK, platform.PlatformFacts("6.12", firewalld_backend="iptables"), []),
    (platform.CHECK, platform.PlatformFacts("6.12", apparmor_restricts=True, rootless=True), ["apparmor-namespaces"]),
    (platform.CHECK, platform.PlatformFacts("6.12", apparmor_restricts=True), []),
    (leftovers.CHECK, LEFT, []),
    (leftovers.CHECK, replace(LEFT, gone=frozenset({"shop"})), ["cluster-abandoned"]),
    (leftovers.CHECK, replace(LEFT, clusters=()), ["network-left", "state-left"]),
    (leftovers.CHECK, replace(LEFT, over=frozenset({"devenv_lock_till"})), ["lock-left"]),
    (leftovers.CHECK, replace(LEFT, clusters=(), engine="another"), ["network-left"]),
    (cluster.CHECK, None, []),
    (cluster.CHECK, RUNNING, []),
    (
        cluster.CHECK,
        replace(RUNNING, facts=ClusterFacts(ClusterState.UNREACHABLE, "no answer")),
        ["cluster-unreachable"],
    ),
    (cluster.CHECK, replace(RUNNING, facts=ClusterFacts(ClusterState.STOPPED)), ["cluster-stopped"]),
    (
        cluster.CHECK,
        replace(
            RUNNING,
            nodes=(
                {
                    "metadata": {"name": "n"},
                    "status": {
                        "conditions": [{"type": "DiskPressure", "status": "True"}, {"type": "Ready", "status": "True"}]
                    },
                },
            ),
        ),
        ["node-pressure"],
    ),
    (cluster.CHECK, replace(RUNNING, pods=(killed(NOW - timedelta(hours=1)),)), ["out-of-memory"]),
    (cluster.CHECK, replace(RUNNING, pods=(killed(NOW - timedelta(days=3)),)), []),
    (cluster.CHECK, replace(RUNNING, facts=failed()), ["stack-incomplete"]),
    (
        cluster.CHECK,
        replace(
            RUNNING,
            facts=replace(
                EMPTY,
                records={"web": Recorded("x", objects={"p": {"apps/web": "1"}})},
                present={"p": {"apps/web": "2"}},
            ),
        ),
        ["stack-drifted"],
    ),
    (cluster.CHECK, replace(RUNNING, built={"api": "localhost/devenv/api:new"}), ["image-stale"]),
    (cluster.CHECK, replace(RUNNING, built={"api": "localhost/devenv/api:old"}), []),
    (certificates.CHECK, None, []),
    (certificates.CHECK, CERTIFICATES, []),
    (certificates.CHECK, replace(CERTIFICATES, endpoints=SOON), ["certificate-ending"]),
    (certificates.CHECK, replace(CERTIFICATES, foreign=("devenv-ca",)), ["certificate-foreign"]),
    (certificates.CHECK, replace(CERTIFICATES, unissued=(UNISSUED,)), ["certificate-unissued"]),
    (certificates.CHECK, replace(CERTIFICATES, cluster=SOON), ["cluster-certificate"]),
]


def judged(check: Check[Any], facts: Any) -> list[Finding]:
    return list(check.judge(facts))


def ids(findings: Iterable[Finding]) -> list[str]:
    return [finding.kind.id for finding in findings]


@pytest.mark.parametrize(("check", "facts", "expected"), CASES)
def test_what_is_found(check: Check[Any], facts: Any, expected: list[str]) -> None:
    found = judged(check, facts)
    assert ids(found) == expected
    for finding in found:
        assert finding.kind in check.kinds
        assert finding.summary
        assert finding.remedy
        assert not finding.fix or (finding.fix.undo and finding.fix.commands)


def test_every_kind_is_found_by_some_of_these() -> None:
    assert {kind.id for kind in KINDS} == {NO_ANSWER.id, *(name for _, _, expected in CASES for name in expected)}


def test_no_two_kinds_have_one_id_but_for_the_same() -> None:
    assert len({kind.id for kind in KINDS}) == len(KINDS)
    assert all(kind.about.endswith((".", "`", ")")) and not kind.consequence.endswith(".") for kind in KINDS)


def test_a_limit_is_raised_by_root_alone_and_set_back() -> None:
    facts = limited(watches=8192)
    (mended,) = judged(limits.CHECK, facts)
    assert mended.fix
    assert mended.fix.commands == (("sysctl", "-w", "fs.inotify.max_user_watches=524288"),)
    assert mended.fix.undo == "sysctl -w fs.inotify.max_user_watches=8192"
    (told,) = judged(limits.CHECK, replace(facts, root=False))
    assert (told.fix, told.remedy) == (None, "sudo sysctl -w fs.inotify.max_user_watches=524288")


def test_inotify_instances_are_counted_where_root_asks() -> None:
    (found,) = judged(limits.CHECK, limited(instances=128, instances_of_root=100))
    assert found.summary == "root may have 128 inotify instances, 100 of them in use, and the cluster takes about 32"
    assert judged(limits.CHECK, replace(limited(instances=128, instances_of_root=100), nodes=0)) == []


def test_a_port_is_told_with_its_holder_and_the_way_out() -> None:
    (found,) = judged(ports.CHECK, (ports.PortFacts("https", 8443, "nginx (pid 7)", rootless=False),))
    assert found.summary == "port 8443, which devenv.yaml wants for https, is taken by nginx (pid 7)"
    assert found.remedy == "end that process, or set cluster.ports.https: auto in devenv.yaml"


def test_subnets_are_counted_in_dockers_own_pools_and_in_configured_ones() -> None:
    assert networks.subnets_left(networks.NetworkFacts((), (route("192.0.2.0/24", "eth0"),), (), ())) == 31
    pools = (("10.213.0.0/22", 24),)
    used = networks.NetworkFacts((network("a", "10.213.0.0/24"),), (route("10.213.2.0/23", "tun0"),), pools, ())
    assert networks.subnets_left(used) == 1
    (few,) = judged(networks.CHECK, used)
    assert (few.kind.id, few.severity) == ("address-pools", Severity.WARNING)
    (none,) = judged(networks.CHECK, replace(used, routes=(route("10.213.1.0/24", "a"), route("10.213.2.0/23", "b"))))
    assert none.severity is Severity.ERROR


def test_a_clock_that_is_minutes_off_is_an_error() -> None:
    assert [found.severity for found in judged(clock.CHECK, 400.0)] == [Severity.ERROR]


def test_what_the_proxy_has_to_leave_alone_is_told_as_a_command() -> None:
    found = judged(trust.CHECK, trusted(proxies=replace(PROXY, exempt="corp"), engine=None))
    assert [finding.remedy for finding in found] == [
        "export NO_PROXY=corp,localhost,127.0.0.1 no_proxy=corp,localhost,127.0.0.1"
    ]


def test_a_network_that_is_removed_can_be_made_again_with_its_labels() -> None:
    found, _ = judged(leftovers.CHECK, replace(LEFT, clusters=()))
    assert found.fix
    assert found.fix.commands == (("docker", "network", "rm", "devenv-shop"),)
    assert found.fix.undo.startswith("docker network create --label devenv.io/made-by=devenv --label ")


def test_what_a_run_is_at_work_on_is_no_leftover() -> None:
    locks = (ContainerInfo("devenv_lock_shop", "1", "running", {"devenv.io/project": "shop"}, (), {}),)
    assert judged(leftovers.CHECK, replace(LEFT, clusters=(), locks=locks)) == []


def test_several_nodes_let_pods_be_placed_and_run_out_of_memory_then() -> None:
    (found,) = judged(room.CHECK, replace(ROOM, requests={"a": Requests(9 * GB), "db": Requests(64 * GB)}, nodes=3))
    assert found.severity is Severity.WARNING
    assert found.summary.endswith("most: db, a")


def test_a_running_pod_of_an_image_that_is_not_the_projects_is_never_stale() -> None:
    other = {**POD, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "docker.io/library/api:1"}]}}
    assert judged(cluster.CHECK, replace(RUNNING, pods=(other,), built={"api": "localhost/devenv/api:new"})) == []


def test_a_release_that_failed_is_told_by_its_name() -> None:
    release = Release("web", "apps", 2, "failed", "x", "web", 1)
    (found,) = judged(cluster.CHECK, replace(RUNNING, facts=failed(releases=(release,))))
    assert found.summary == "web: release web is failed"


def test_the_limit_of_docker_hub_is_read_from_its_header() -> None:
    assert registries.read_limit("76;w=21600") == 76
    assert registries.read_limit("") is None
