"""A cluster's client without certificates, for servers that stand where an API server would."""

from __future__ import annotations

import json
from pathlib import Path

from devenv.adapters.kubernetes.cluster import Cluster


def cluster_at(port: int, folder: Path) -> Cluster:
    """The client of what listens on a port of this machine; its kubeconfig is written into the folder."""
    file = folder / "kubeconfig"
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": {}}],
    }
    file.write_text(json.dumps(config))
    return Cluster(file)
