"""A project of one stack and the objects of its cluster, for what the start page makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from devenv.adapters.files.paths import data_root
from devenv.adapters.kubernetes.cluster import Recorded
from devenv.adapters.kubernetes.objects import Release
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.observe.cluster import ClusterFacts, NodeFact
from devenv.spec.load import load_workspace
from devenv.workflows.observed import ObservedProject
from support.cluster_objects import NAMESPACE, RELEASE, of_release

Json = dict[str, Any]
NODE = "devenv-shop-control-plane"
CHANGED = "2026-05-01T11:30:00Z"


def project(tmp_path: Path) -> ObservedProject:
    """A project with one stack, installed by Helm."""
    (tmp_path / "devenv.yaml").write_text("project: shop\nstacks: [{name: web}]\nstack_paths: [stacks]\n")
    folder = tmp_path / "stacks" / "04-apps" / "web"
    (folder / "chart").mkdir(parents=True)
    (folder / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (folder / "stack.yaml").write_text(
        f"name: web\nlayer: 04-apps\nsummary: A web server\nnamespace: {NAMESPACE}\nversion: 1.0.0\n"
        "sources: [{chart: {path: chart}}]\n"
    )
    facts = ClusterFacts(
        ClusterState.RUNNING,
        nodes=(NodeFact(NODE, "control-plane", running=True),),
        releases=(Release(RELEASE, NAMESPACE, 1, "deployed", "content", "web", 1),),
        records={"web": Recorded("content")},
    )
    return ObservedProject(
        load_workspace(tmp_path, data_root=data_root()), tmp_path / "kubeconfig", facts, (8080, 8443)
    )


def deployment(ready: int, generation: int = 1) -> Json:
    """A Deployment of one replica, changed at a known time."""
    fields = [
        {"manager": "helm", "operation": "Apply", "time": CHANGED, "fieldsV1": {}},
        {"manager": "kube", "operation": "Update", "time": "2027-01-01T00:00:00Z", "subresource": "status"},
    ]
    return {
        "metadata": of_release("web", generation=generation, managedFields=fields),
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "main", "image": "web:2"}]}}},
        "status": {"observedGeneration": generation, "updatedReplicas": 1, "replicas": 1, "availableReplicas": ready},
    }


def snapshot(item: Json, *pods: Json) -> dict[str, tuple[Json, ...]]:
    """All objects of the cluster."""
    kinds = ("Event", "PersistentVolumeClaim", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")
    node = {"metadata": {"name": NODE, "uid": "n"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    return {**dict.fromkeys(kinds, ()), "Deployment": (item,), "Pod": pods, "Node": (node,)}
