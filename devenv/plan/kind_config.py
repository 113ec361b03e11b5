"""kind's configuration for a project: the user's own file (or the default one) with what devenv needs merged in.

Pure: dictionaries in, YAML out. What is added is listed in `cluster/README.md`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devenv.spec.project import CONTROL_PLANE, LOOPBACK, Nodes

HTTP_NODE_PORT = 30080
HTTPS_NODE_PORT = 30443
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"

_CGROUP_V1_PATCH = "kind: KubeletConfiguration\nfailCgroupV1: false\n"
# kind takes the taint from a node that is the only one; of several control planes no other pods would be taken.
_NO_TAINTS = [
    f"kind: {kind}\nnodeRegistration: {{taints: []}}\n" for kind in ("InitConfiguration", "JoinConfiguration")
]
# There is nobody to agree with, and whoever starts anew would wait 15 s for the lease of its own former self to end.
_NO_ELECTIONS = yaml.safe_dump(
    {"kind": "ClusterConfiguration"}
    | {program: {"extraArgs": {"leader-elect": "false"}} for program in ("controllerManager", "scheduler")}
)
# From 2.3 on containerd asks every container for its statistics each second: two fifths of what an idle environment
# takes of the processors. It is for kubelets that take them from it, by a feature gate that is off; ours looks itself.
# https://github.com/containerd/containerd/pull/12629
_FEW_STATISTICS = '[plugins."io.containerd.cri.v1.runtime"]\nstats_collect_period = "1h"\n'


@dataclass(frozen=True, slots=True)
class KindSettings:
    """What decides kind's configuration, apart from the user's own file."""

    nodes: Nodes
    http_port: int
    https_port: int
    cgroup_v1: bool
    """kubelet refuses cgroup v1 from Kubernetes 1.35 on unless it is told otherwise."""
    host_ca_bundle: Path | None
    """The host's certificates, where the host trusts more than its distribution does."""
    database_ports: tuple[tuple[int, int], ...] = ()
    """Port on the nodes and port on the host, for each database that the project may run."""


@dataclass(frozen=True, slots=True)
class KindConfig:
    """What a cluster is made from."""

    text: str
    """YAML."""
    roles: tuple[str, ...]
    """The role of each node, sorted."""

    @property
    def has_balancer(self) -> bool:
        """Whether kind puts a load balancer before several control planes."""
        return self.roles.count(CONTROL_PLANE) > 1


def kind_config(base: Mapping[str, Any], settings: KindSettings) -> KindConfig:
    """Kind's configuration; `base` is a parsed one, whose nodes go before the settings', and is left as it is."""
    config: dict[str, Any] = copy.deepcopy(dict(base))
    config.setdefault("kind", "Cluster")
    config.setdefault("apiVersion", "kind.x-k8s.io/v1alpha4")
    config.setdefault("networking", {})["apiServerAddress"] = LOOPBACK
    nodes: list[dict[str, Any]] = config.get("nodes") or _node_list(settings.nodes)
    config["nodes"] = nodes
    _map_ports(nodes, settings)
    if settings.host_ca_bundle:
        for node in nodes:
            mount = {"hostPath": str(settings.host_ca_bundle), "containerPath": CA_BUNDLE, "readOnly": True}
            node.setdefault("extraMounts", []).append(mount)
    planes = sum(_is_control_plane(node) for node in nodes)
    own = [*(_NO_TAINTS if len(nodes) == planes > 1 else ()), *([_NO_ELECTIONS] if planes == 1 else ())]
    if own:
        # Before the user's, which so have the last word.
        config["kubeadmConfigPatches"] = [*own, *config.get("kubeadmConfigPatches", [])]
    config["containerdConfigPatches"] = [_FEW_STATISTICS, *config.get("containerdConfigPatches", [])]
    if settings.cgroup_v1:
        config.setdefault("kubeadmConfigPatches", []).append(_CGROUP_V1_PATCH)
    roles = sorted(str(node.get("role", CONTROL_PLANE)) for node in nodes)
    return KindConfig(yaml.safe_dump(config, sort_keys=False), tuple(roles))


def _is_control_plane(node: Mapping[str, Any]) -> bool:
    return bool(node.get("role", CONTROL_PLANE) == CONTROL_PLANE)


def _node_list(nodes: Nodes) -> list[dict[str, Any]]:
    control = [{"role": CONTROL_PLANE} for _ in range(nodes.control_planes)]
    return control + [{"role": "worker"} for _ in range(nodes.workers)]


def _map_ports(nodes: list[dict[str, Any]], settings: KindSettings) -> None:
    first = next(node for node in nodes if _is_control_plane(node))
    ports = (
        (HTTP_NODE_PORT, settings.http_port),
        (HTTPS_NODE_PORT, settings.https_port),
        *settings.database_ports,
    )
    first.setdefault("extraPortMappings", []).extend(
        {"containerPort": inside, "hostPort": outside, "listenAddress": LOOPBACK, "protocol": "TCP"}
        for inside, outside in ports
    )
