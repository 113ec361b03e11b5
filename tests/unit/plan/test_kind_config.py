"""kind's configuration: what devenv adds, and that it takes nothing away."""

from __future__ import annotations

import copy
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.plan.kind_config import (
    CA_BUNDLE,
    HTTP_NODE_PORT,
    HTTPS_NODE_PORT,
    KindSettings,
    kind_config,
)
from devenv.spec.project import Nodes

SETTINGS = KindSettings(Nodes(), http_port=8080, https_port=8443, cgroup_v1=False, host_ca_bundle=None)
DEFAULT = Path(__file__).parents[3] / "cluster" / "kind.yaml"
FEW_STATISTICS = str(yaml.safe_load(kind_config({}, SETTINGS).text)["containerdConfigPatches"][0])
NO_ELECTIONS = str(yaml.safe_load(kind_config({}, SETTINGS).text)["kubeadmConfigPatches"][0])
HTTP = {"containerPort": HTTP_NODE_PORT, "hostPort": 8080, "listenAddress": "127.0.0.1", "protocol": "TCP"}
HTTPS = {"containerPort": HTTPS_NODE_PORT, "hostPort": 8443, "listenAddress": "127.0.0.1", "protocol": "TCP"}


def made(base: dict[str, Any] | None = None, settings: KindSettings = SETTINGS) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(kind_config(base or {}, settings).text)
    return document


def test_nothing_given_is_one_node_on_the_loopback() -> None:
    assert made() == {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": {"apiServerAddress": "127.0.0.1"},
        "nodes": [{"role": "control-plane", "extraPortMappings": [HTTP, HTTPS]}],
        "kubeadmConfigPatches": [NO_ELECTIONS],
        "containerdConfigPatches": [FEW_STATISTICS],
    }


def test_the_default_file_is_kept() -> None:
    default = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    document = made(default)

    assert {key: document["networking"][key] for key in default["networking"]} == default["networking"]
    assert len(document["nodes"]) == 1


def test_nodes_are_those_of_the_specification() -> None:
    document = made(settings=replace(SETTINGS, nodes=Nodes(control_planes=3, workers=2)))

    assert [node["role"] for node in document["nodes"]] == ["control-plane"] * 3 + ["worker"] * 2
    assert ["extraPortMappings" in node for node in document["nodes"]] == [True, False, False, False, False]


def test_nodes_of_the_users_file_go_first() -> None:
    own = {"nodes": [{"role": "worker"}, {"labels": {"disk": "ssd"}, "extraPortMappings": [{"containerPort": 1}]}]}
    document = made(own, replace(SETTINGS, nodes=Nodes(workers=9)))

    # A node without a role is a control plane.
    assert document["nodes"] == [
        {"role": "worker"},
        {"labels": {"disk": "ssd"}, "extraPortMappings": [{"containerPort": 1}, HTTP, HTTPS]},
    ]


def test_the_users_settings_are_kept() -> None:
    own = {
        "networking": {"podSubnet": "10.1.0.0/16", "apiServerAddress": "0.0.0.0"},  # noqa: S104 -- what must not stay
        "featureGates": {"SomeFeature": True},
        "kubeadmConfigPatches": ["kind: ClusterConfiguration\n"],
    }
    document = made(own, replace(SETTINGS, cgroup_v1=True))

    assert document["networking"] == {"podSubnet": "10.1.0.0/16", "apiServerAddress": "127.0.0.1"}
    assert document["featureGates"] == {"SomeFeature": True}
    assert document["kubeadmConfigPatches"][:2] == [NO_ELECTIONS, "kind: ClusterConfiguration\n"]
    assert yaml.safe_load(document["kubeadmConfigPatches"][2]) == {
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
    }


def test_what_is_given_is_left_as_it_is() -> None:
    own = {"networking": {}, "nodes": [{"role": "control-plane", "extraMounts": []}], "kubeadmConfigPatches": []}
    former = copy.deepcopy(own)
    made(own, replace(SETTINGS, cgroup_v1=True, host_ca_bundle=Path("/etc/host.crt")))

    assert own == former


def test_every_node_trusts_what_the_host_trusts() -> None:
    settings = replace(SETTINGS, nodes=Nodes(workers=1), host_ca_bundle=Path("/etc/host.crt"))
    mount = {"hostPath": "/etc/host.crt", "containerPath": CA_BUNDLE, "readOnly": True}

    assert [node["extraMounts"] for node in made(settings=settings)["nodes"]] == [[mount], [mount]]


def test_several_control_planes_without_workers_take_all_pods() -> None:
    own = {"kubeadmConfigPatches": ["kind: InitConfiguration\nnodeRegistration: {name: mine}\n"]}
    several = made(own, replace(SETTINGS, nodes=Nodes(control_planes=2)))["kubeadmConfigPatches"]

    assert [yaml.safe_load(patch) for patch in several[:2]] == [
        {"kind": "InitConfiguration", "nodeRegistration": {"taints": []}},
        {"kind": "JoinConfiguration", "nodeRegistration": {"taints": []}},
    ]
    # The user's come last, and so have the last word. Where there are workers, or one node, kind does what is needed.
    assert several[2:] == own["kubeadmConfigPatches"]
    with_workers = made(own, replace(SETTINGS, nodes=Nodes(control_planes=3, workers=1)))
    assert with_workers["kubeadmConfigPatches"] == several[2:]
    assert made(own)["kubeadmConfigPatches"] == [NO_ELECTIONS, *several[2:]]


def test_containerd_asks_containers_for_no_statistics_that_nobody_reads() -> None:
    own = '[plugins."io.containerd.cri.v1.runtime"]\nstats_collect_period = "10s"\n'
    patches = made({"containerdConfigPatches": [own]})["containerdConfigPatches"]

    assert tomllib.loads(patches[0]) == {"plugins": {"io.containerd.cri.v1.runtime": {"stats_collect_period": "1h"}}}
    assert patches[1:] == [own], "which so has the last word"


@pytest.mark.parametrize(("planes", "workers", "elects"), [(1, 0, False), (1, 2, False), (2, 0, True), (3, 1, True)])
def test_one_control_plane_has_nobody_to_elect_a_leader_among(planes: int, workers: int, *, elects: bool) -> None:
    """What starts anew would wait for the lease of its former self."""
    settings = replace(SETTINGS, nodes=Nodes(control_planes=planes, workers=workers))
    patches = made(settings=settings).get("kubeadmConfigPatches", [])

    assert (NO_ELECTIONS not in patches) is elects
    assert yaml.safe_load(NO_ELECTIONS) == {
        "kind": "ClusterConfiguration",
        "controllerManager": {"extraArgs": {"leader-elect": "false"}},
        "scheduler": {"extraArgs": {"leader-elect": "false"}},
    }


def test_nodes_are_those_of_the_users_file_or_of_the_specification() -> None:
    wanted = replace(SETTINGS, nodes=Nodes(control_planes=2, workers=1))
    made = kind_config({}, wanted)
    assert (made.roles, made.has_balancer) == (("control-plane", "control-plane", "worker"), True)
    own = {"nodes": [{"role": "worker"}, {"image": "mine"}]}
    made = kind_config(own, wanted)
    assert (made.roles, made.has_balancer) == (("control-plane", "worker"), False)
