"""Which of the cluster's objects belong to what is being installed. Pure.

Helm marks what it installs by annotation, devenv marks plain manifests by label; pods are reached from there
through their owners. Hooks carry no mark of Helm's: they are known by their names and namespaces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.objects import (
    RELEASE_ANNOTATION,
    Release,
    annotation,
    is_hook,
    is_true,
    label,
    owner_uids,
)
from devenv.labels import LABEL_COPY, LABEL_INSTANCE, LABEL_STACK

_OWNERS_FIRST = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "ReplicaSet",
    "Pod",
    "PersistentVolumeClaim",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is being installed."""

    stack: str
    namespace: str
    releases: frozenset[str] = frozenset()
    """Helm releases, all in the namespace."""
    copy: str = ""
    """The copy of a service that is meant, and nothing else; without it, copies do not belong to the stack."""

    @classmethod
    def of_stack(cls, stack: str, namespace: str, releases: Iterable[Release]) -> Scope:
        """All of a stack whose releases are among these."""
        mine = (release.name for release in releases if (release.stack, release.namespace) == (stack, namespace))
        return cls(stack, namespace, frozenset(mine))

    def owns(self, item: Json) -> bool:
        """Whether the object itself says that it belongs here."""
        if (copy := label(item, LABEL_COPY)) or self.copy:
            return copy == self.copy
        if label(item, LABEL_STACK) == self.stack:
            return True
        if not self.releases or item["metadata"].get("namespace") != self.namespace:
            return False
        if annotation(item, RELEASE_ANNOTATION) in self.releases:
            return True
        return label(item, LABEL_INSTANCE) in self.releases or self._owns_hook(item)

    def _owns_hook(self, item: Json) -> bool:
        name: str = item["metadata"]["name"]
        return is_hook(item) and any(name == release or name.startswith(f"{release}-") for release in self.releases)


def members(snapshot: ObjectsByKind, scope: Scope) -> ObjectsByKind:
    """The objects that belong to the scope, and all nodes.

    Left out are jobs of CronJobs (they fail on their own account) and pods of templates that have been
    replaced (their failure may be the very reason of the change).
    """
    owned: set[str] = set()
    found: dict[str, tuple[Json, ...]] = {"Node": tuple(snapshot.get("Node", ()))}
    for kind in _OWNERS_FIRST:
        candidates = snapshot.get(kind, ())
        claims = _claims_of(found.get("Pod", ())) if kind == "PersistentVolumeClaim" else frozenset()
        mine = tuple(
            item
            for item in candidates
            if (scope.owns(item) or owned & {*owner_uids(item)} or _place(item) in claims) and _counts(kind, item)
        )
        owned.update(item["metadata"]["uid"] for item in mine)
        found[kind] = mine
    found = _without_replaced(found)
    present = {item["metadata"]["uid"] for kind in _OWNERS_FIRST for item in found[kind]}
    found["Event"] = tuple(
        event
        for event in snapshot.get("Event", ())
        if event["involvedObject"].get("uid") in present or _is_custom(event, scope.namespace)
    )
    return found


def _is_custom(event: Json, namespace: str) -> bool:
    """Whether an event is about a custom resource beside the stack, such as the ExternalSecret that it waits for."""
    involved = event["involvedObject"]
    group = involved.get("apiVersion", "").rpartition("/")[0]
    return involved.get("namespace") == namespace and "." in group and not group.endswith(".k8s.io")


def _place(item: Json) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _claims_of(pods: tuple[Json, ...]) -> frozenset[tuple[str, str]]:
    """The volume claims that pods use: those of a StatefulSet carry no owner."""
    return frozenset(
        (pod["metadata"]["namespace"], volume["persistentVolumeClaim"]["claimName"])
        for pod in pods
        for volume in pod["spec"].get("volumes") or ()
        if "persistentVolumeClaim" in volume
    )


def _counts(kind: str, item: Json) -> bool:
    if item["metadata"].get("deletionTimestamp"):
        return False
    if kind == "Job":
        owners = item["metadata"].get("ownerReferences") or ()
        return not any(owner["kind"] == "CronJob" for owner in owners)
    return True


def _without_replaced(found: dict[str, tuple[Json, ...]]) -> dict[str, tuple[Json, ...]]:
    """Without ReplicaSets of former revisions and the pods of former templates."""
    revisions = {d["metadata"]["uid"]: _revision(d) for d in found["Deployment"]}
    stale = {
        r["metadata"]["uid"]
        for r in found["ReplicaSet"]
        for owner in owner_uids(r)
        if owner in revisions and _revision(r) != revisions[owner]
    }
    newest = {s["metadata"]["uid"]: s.get("status", {}).get("updateRevision") for s in found["StatefulSet"]}

    def current(pod: Json) -> bool:
        if stale & {*owner_uids(pod)}:
            return False
        hashes = {newest[owner] for owner in owner_uids(pod) if newest.get(owner)}
        return not hashes or label(pod, "controller-revision-hash") in hashes

    return {
        **found,
        "ReplicaSet": tuple(r for r in found["ReplicaSet"] if r["metadata"]["uid"] not in stale),
        "Pod": tuple(pod for pod in found["Pod"] if current(pod)),
    }


def _revision(item: Json) -> str:
    return annotation(item, "deployment.kubernetes.io/revision")


def replaced_pods(snapshot: ObjectsByKind, scope: Scope) -> tuple[Json, ...]:
    """Pods of a StatefulSet's former template that are not ready.

    The controller waits for such a pod to become ready before it replaces it, which a broken one never does:
    https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
    """
    sets = {
        s["metadata"]["uid"]: s.get("status", {}).get("updateRevision")
        for s in snapshot.get("StatefulSet", ())
        if scope.owns(s) and s.get("status", {}).get("observedGeneration") == s["metadata"].get("generation")
    }
    return tuple(
        pod
        for pod in snapshot.get("Pod", ())
        for owner in owner_uids(pod)
        if sets.get(owner)
        and label(pod, "controller-revision-hash") != sets[owner]
        and not pod["metadata"].get("deletionTimestamp")
        and not is_true(pod, "Ready")
    )
