"""Replacing what cannot be changed, before what is wanted is applied: claims grow, other objects are deleted.

Responsible for doing what a plan says, and safely so: only the very object that was looked at is touched, everything
can be done again after a run that was killed, and volumes outlive the workloads that use them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import owner_uids
from devenv.adapters.kubernetes.store import ObjectStore
from devenv.errors import DataLossError
from devenv.plan.replacement import Blockers, Growth, Kept, ObjectRef, Replacement
from devenv.plan.steps import ApplyManifests, GrowClaim, InstallChart, ReplaceObject
from devenv.runtime.observe.immutables import UNENFORCED
from devenv.runtime.observe.refusals import find_blockers
from devenv.runtime.observe.rendering import manager_of
from devenv.runtime.step_context import StepContext


def grow_claim(step: GrowClaim, context: StepContext) -> str:
    """Let a volume claim grow."""
    return _grow(context.environment.cluster.objects, step.growth)


def replace_object(step: ReplaceObject, context: StepContext) -> str:
    """Delete an object, so that the next step creates the one that is wanted."""
    return _replace(context.environment.cluster, step.replacement, step.deadline, context.cancel)


def replace_before(step: InstallChart | ApplyManifests, text: str, context: StepContext) -> None:
    """Replace what a step cannot change, where no plan has looked ahead for it; raises DataLossError."""
    cluster, stack = context.environment.cluster, context.environment.workspace.stacks[step.stack].spec
    release = step.release if isinstance(step, InstallChart) else ""
    found = find_blockers(cluster, text, step.namespace, manager_of(step), release=release)
    replace_unplanned(cluster, found, deadline=stack.deadline, cancel=context.cancel, progress=context.progress)


def replace_unplanned(
    cluster: Cluster,
    found: Blockers,
    *,
    deadline: timedelta,
    cancel: threading.Event,
    progress: Callable[[str], None],
) -> None:
    """Replace what no plan has named.

    Raises:
        DataLossError: something would be lost, which is for a plan to name and for people to agree to. Nothing is done.
    """
    if found.losses:
        raise DataLossError(
            f"what is wanted cannot be applied without a loss: {'; '.join(found.losses)}",
            hint="devenv up --plan, which names it; then: devenv up",
        )
    for growth in found.growths:
        progress(_grow(cluster.objects, growth))
    for replacement in found.replacements:
        outcome = _replace(cluster, replacement, deadline, cancel)
        progress(f"{replacement.object.display_name}: {outcome} ({replacement.why})")


def _replace(cluster: Cluster, replacement: Replacement, deadline: timedelta, cancel: threading.Event) -> str:
    made, store, timeout = replacement.object, cluster.objects, deadline.total_seconds()
    path = _path(store, made)
    live = store.find(path) if path else None
    if path is None or live is None or live["metadata"]["uid"] != made.uid:
        return "it is gone already"
    if made.kind == "StatefulSet":
        _keep_claims(store, path, live, timeout, cancel)
    store.delete(path, made.uid, "Orphan" if replacement.kept is Kept.PODS else "Foreground")
    if made.kind == "PersistentVolumeClaim":
        # Kubernetes keeps a claim for as long as a pod that uses it has a node.
        for pod in store.items(f"api/v1/namespaces/{made.namespace}/pods"):
            if _uses(pod, made.name) and pod["spec"].get("nodeName"):
                cluster.delete_pod(made.namespace, pod["metadata"]["name"])

    def is_gone(item: Json | None) -> bool:
        return item is None or item["metadata"]["uid"] != made.uid

    store.await_state(path, is_gone, what=f"{made.display_name} is deleted", timeout=timeout, cancel=cancel)
    return f"deleted; {replacement.kept}" if replacement.kept else "deleted"


def _keep_claims(store: ObjectStore, path: str, live: Json, timeout: float, cancel: threading.Event) -> None:
    """See that a StatefulSet's claims are not deleted with it, which its policy may ask for."""
    policy = live["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    if policy.get("whenDeleted") != "Delete":
        return
    uid, namespace = live["metadata"]["uid"], live["metadata"]["namespace"]
    store.merge(path, {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}}})
    claims = f"api/v1/namespaces/{namespace}/persistentvolumeclaims"
    for claim in store.items(claims):
        name = claim["metadata"]["name"]
        store.await_state(
            f"{claims}/{name}",
            lambda item: item is None or uid not in owner_uids(item),
            what=f"claim {name} outlives its statefulset",
            timeout=timeout,
            cancel=cancel,
        )


def _grow(store: ObjectStore, growth: Growth) -> str:
    path, size = _path(store, growth.claim), growth.size
    claim = store.find(path) if path else None
    if path is None or claim is None:
        return f"claim {growth.claim.name} is gone"
    class_path = f"apis/storage.k8s.io/v1/storageclasses/{claim['spec'].get('storageClassName', '')}"
    storage_class = store.find(class_path) or {}
    if not storage_class.get("allowVolumeExpansion"):
        store.merge(class_path, {"allowVolumeExpansion": True})
    unenforced = storage_class.get("provisioner") in UNENFORCED
    if unenforced and (volume := claim["spec"].get("volumeName")):
        store.merge(f"api/v1/persistentvolumes/{volume}", {"spec": {"capacity": {"storage": size}}})
    if not growth.applied:
        store.merge(path, {"spec": {"resources": {"requests": {"storage": size}}}})
    if unenforced and claim.get("status", {}).get("phase") == "Bound":
        # What a driver reports once it has made a volume larger.
        store.merge(f"{path}/status", {"status": {"capacity": {"storage": size}}})
    return f"claim {growth.claim.name} has {size}"


def _path(store: ObjectStore, made: ObjectRef) -> str | None:
    metadata = {"name": made.name, "namespace": made.namespace}
    return store.path({"apiVersion": made.version, "kind": made.kind, "metadata": metadata})


def _uses(pod: Json, claim: str) -> bool:
    volumes = pod["spec"].get("volumes") or ()
    return any((volume.get("persistentVolumeClaim") or {}).get("claimName") == claim for volume in volumes)
