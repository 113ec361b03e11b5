"""The project's kubeconfig, taken from the cluster's own control plane.

The file on the host is a copy. Whoever reaches the engine can have it again: with another home, as another user, or
after it was lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import yaml

from devenv.adapters.docker import DEFAULT_WAY, ContainerInfo, Engine, way_there
from devenv.adapters.files.paths import KUBECONFIG
from devenv.adapters.files.records import write_whole
from devenv.errors import ClusterError
from devenv.runtime.ownership.ownership import is_control_plane, is_node
from devenv.spec.project import LOOPBACK

_ADMIN = "/etc/kubernetes/admin.conf"
_API_PORT = 6443


def kubeconfig_of(state: Path) -> Path:
    """Where the kubeconfig of the project is kept for the engine that this process reaches.

    A project may be up in several engines: whoever works on one of its clusters must not get another one under the
    hands because somebody looks at that. So each way to an engine that is not the default one has a file of its own.
    """
    way = way_there()
    suffix = "" if way == DEFAULT_WAY else f"-{hashlib.sha256(way.encode()).hexdigest()[:8]}"
    return state / f"{KUBECONFIG}{suffix}"


def export_kubeconfig(engine: Engine, cluster: str, containers: Sequence[ContainerInfo], target: Path) -> bool:
    """Write the kubeconfig anew, readable by its owner only; whether it differs from what was there.

    Cluster, user and context have the names that kind gives them.

    Raises:
        ClusterError: no control plane runs that has one.
    """
    planes = [c for c in containers if is_control_plane(c)]
    fronts = [c for c in containers if not is_node(c)] or planes
    ports = [outside for c in fronts for _, outside, inside in c.ports if inside == _API_PORT]
    admin = next((found for c in planes if (found := engine.files.read(c.name, _ADMIN))), None)
    if admin is None or not ports:
        raise ClusterError(
            f"cluster {cluster} has no kubeconfig to give",
            context={"cause": "its control plane publishes no port" if admin else f"there is no {_ADMIN} in it"},
            hint=f"docker logs {cluster}-control-plane",
        )
    try:
        text = _for_host(admin, f"kind-{cluster}", ports[0])
    except (yaml.YAMLError, KeyError, IndexError, TypeError) as error:
        raise ClusterError(f"cluster {cluster} has no usable {_ADMIN}", context={"cause": str(error)}) from error
    if target.is_file() and target.read_text(encoding="utf-8", errors="replace") == text:
        return False
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(target, text, mode=0o600)
    return True


def _for_host(admin: bytes, name: str, port: int) -> str:
    config = yaml.safe_load(admin)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {**cluster, "server": f"https://{LOOPBACK}:{port}"}}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        sort_keys=False,
    )
