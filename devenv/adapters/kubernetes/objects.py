"""What we read out of Kubernetes' objects: releases, workloads, nodes, and how far a rollout is. Pure.

Objects come as the API server sends them. Which of them matter to a stack is decided in `devenv.runtime`.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.managed_fields import mark
from devenv.labels import ANNOTATION_BORROWED, LABEL_CONTENT, LABEL_STACK

RELEASE_ANNOTATION = "meta.helm.sh/release-name"
HOOK_ANNOTATION = "helm.sh/hook"
Purpose = Literal["debug", "intercept"]
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
"""States in which a killed Helm leaves a release; Helm refuses to go on from the pending ones."""


@dataclass(frozen=True, slots=True)
class Release:
    """The newest revision of a Helm release."""

    name: str
    namespace: str
    revision: int
    status: str
    """Helm's word: deployed, failed, pending-install …"""
    content: str
    """Value of the label devenv.io/content; empty for a release that devenv did not install."""
    stack: str
    """Value of the label devenv.io/stack."""
    deployed: int
    """The newest revision that was ever deployed; 0 when none was."""

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def secret(self) -> str:
        """The Secret that holds it."""
        return f"sh.helm.release.v1.{self.name}.v{self.revision}"

    @property
    def pending(self) -> bool:
        """Whether a killed run left it half done."""
        return self.status in PENDING


@dataclass(frozen=True, slots=True)
class Borrower:
    """Who has changed a workload for a while, and gives it back as it was."""

    process: str
    """Its name: `devenv.adapters.process.identity`."""
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment, StatefulSet, DaemonSet or Job."""

    kind: str
    namespace: str
    name: str
    release: str
    """Helm release that it belongs to; empty for plain manifests."""
    stack: str
    """Value of the label devenv.io/stack; empty for what Helm installed."""
    desired: int
    ready: int
    generation: int
    problem: str
    """Why its rollout is not complete, in words; empty when it is."""
    mark: str = ""
    """Of what was applied: see `managed_fields.mark`."""
    borrower: Borrower | None = None
    """Who has changed it for a while."""
    claims: tuple[str, ...] = ()
    """What the names of the claims begin with that it makes for its pods: `data-postgres` of `data-postgres-0`."""

    def claims_among(self, claims: Mapping[str, str]) -> dict[str, str]:
        """Those of all volume claims that it has made, by `namespace/name`."""
        own = re.compile(f"{re.escape(self.namespace)}/({'|'.join(map(re.escape, self.claims))})-\\d+")
        return {key: uid for key, uid in claims.items() if self.claims and own.fullmatch(key)}


def of_stack(stack: str, releases: Iterable[Release], workloads: Iterable[Workload]) -> list[Workload]:
    """The workloads of a stack: labelled with it, or of one of its releases."""
    mine = {(r.namespace, r.name) for r in releases if r.stack == stack}
    return [w for w in workloads if w.stack == stack or (w.release and (w.namespace, w.release) in mine)]


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node as the API server sees it."""

    name: str
    ready: bool
    reason: str
    """Why it is not ready."""


def object_key(metadata: Mapping[str, Any]) -> str:
    """`namespace/name`, or the name alone of what belongs into no namespace."""
    return "/".join(metadata[part] for part in ("namespace", "name") if metadata.get(part))


def owner_uids(item: Mapping[str, Any]) -> list[str]:
    """The UIDs of the objects that an object belongs to."""
    return [str(owner["uid"]) for owner in item["metadata"].get("ownerReferences") or ()]


def container_statuses(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The statuses of all containers of a pod, whatever they are there for."""
    for key in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        yield from pod.get("status", {}).get(key) or ()


def annotation(item: Mapping[str, Any], name: str) -> str:
    """An annotation's value; empty when it is not there."""
    return str((item["metadata"].get("annotations") or {}).get(name, ""))


def label(item: Mapping[str, Any], name: str) -> str:
    """A label's value; empty when it is not there."""
    return str((item["metadata"].get("labels") or {}).get(name, ""))


def is_hook(item: Mapping[str, Any]) -> bool:
    """Whether an object is a Helm hook."""
    return bool(annotation(item, HOOK_ANNOTATION))


def condition(item: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """A condition of the object's status; empty when it is not there."""
    found = [c for c in item.get("status", {}).get("conditions") or [] if c.get("type") == kind]
    return found[0] if found else {}


def is_true(item: Mapping[str, Any], kind: str) -> bool:
    """Whether a condition is there and true."""
    return condition(item, kind).get("status") == "True"


def manifest(secret: Json) -> str:
    """The manifests of the release that one of Helm's secrets holds, without hooks and the chart's `crds/`.

    The release is JSON, compressed, and in base64 twice: by Helm, and as all data of Secrets (`pkg/storage/driver`).
    """
    release = gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"])))
    # Helm leaves the key out where all that a chart makes are hooks.
    return str(json.loads(release).get("manifest", ""))


def releases(secrets: Iterable[Json]) -> list[Release]:
    """Helm's releases from the metadata of its secrets, newest revision each."""
    revisions: dict[tuple[str, str], list[Json]] = {}
    for secret in secrets:
        if label(secret, "owner") == "helm":
            revisions.setdefault((secret["metadata"]["namespace"], label(secret, "name")), []).append(secret)
    return [
        _release(namespace, name, sorted(found, key=_revision))
        for (namespace, name), found in sorted(revisions.items())
    ]


def _release(namespace: str, name: str, revisions: list[Json]) -> Release:
    newest = revisions[-1]
    deployed = [_revision(s) for s in revisions if label(s, "status") in ("deployed", "superseded")]
    return Release(
        name,
        namespace,
        _revision(newest),
        label(newest, "status"),
        label(newest, LABEL_CONTENT),
        label(newest, LABEL_STACK),
        max(deployed, default=0),
    )


def _revision(secret: Json) -> int:
    return int(label(secret, "version") or 0)


def borrower(item: Json) -> Borrower | None:
    """Who has changed a workload for a while, as it says itself."""
    record = json.loads(annotation(item, ANNOTATION_BORROWED) or "null")
    return Borrower(record["process"], record["purpose"]) if record else None


def workload(kind: str, item: Json) -> Workload:
    """What matters of a workload object."""
    desired, ready = _counts(kind, item)
    return Workload(
        kind,
        item["metadata"]["namespace"],
        item["metadata"]["name"],
        annotation(item, RELEASE_ANNOTATION),
        label(item, LABEL_STACK),
        desired,
        ready,
        int(item["metadata"].get("generation", 0)),
        rollout_problem(kind, item),
        mark(item),
        borrower(item),
        tuple(
            f"{template['metadata']['name']}-{item['metadata']['name']}"
            for template in item["spec"].get("volumeClaimTemplates") or ()
        ),
    )


def lasting_workloads(kind: str, items: Iterable[Json]) -> list[Workload]:
    """The workloads of one kind, apart from jobs that a CronJob made, and Helm's hooks: Helm awaits those itself."""
    return [workload(kind, item) for item in items if not (_of_cron_job(item) or is_hook(item))]


def last_change(item: Json) -> str:
    """When somebody last changed what is wanted of an object, in ISO 8601; its status does not count."""
    fields = item["metadata"].get("managedFields") or ()
    times = [str(entry["time"]) for entry in fields if entry.get("time") and not entry.get("subresource")]
    return max(times, default=str(item["metadata"].get("creationTimestamp", "")))


def _of_cron_job(item: Json) -> bool:
    return any(owner["kind"] == "CronJob" for owner in item["metadata"].get("ownerReferences") or ())


def node(item: Json) -> NodeState:
    """What matters of a node."""
    state = condition(item, "Ready")
    ready = state.get("status") == "True"
    return NodeState(
        item["metadata"]["name"], ready, "" if ready else str(state.get("message", "it has not reported yet"))
    )


def rollout_problem(kind: str, item: Json) -> str:
    """Why a workload's rollout is not complete, in words; empty when it is.

    The rules are those of `kubectl rollout status`, stricter in one: every replica has to be available.
    """
    status = item.get("status", {})
    if kind == "Job":
        return "" if is_true(item, "Complete") or item["spec"].get("suspend") else "not complete"
    if kind == "Deployment" and item["spec"].get("paused"):
        return ""
    if status.get("observedGeneration", 0) < item["metadata"].get("generation", 0):
        return "the change has not been noticed yet"
    desired, ready = _counts(kind, item)
    updated = _updated(kind, item, desired)
    if updated < desired:
        return f"{updated} of {desired} updated"
    if kind == "Deployment" and status.get("replicas", 0) > updated:
        return f"{status['replicas'] - updated} old replicas are still there"
    return f"{ready} of {desired} ready" if ready < desired else ""


def _counts(kind: str, item: Json) -> tuple[int, int]:
    """Wanted and ready pods."""
    status = item.get("status", {})
    if kind == "DaemonSet":
        return int(status.get("desiredNumberScheduled", 0)), int(status.get("numberAvailable", 0))
    if kind == "Job":
        return int(item["spec"].get("completions") or 1), int(status.get("succeeded", 0))
    ready = status.get("availableReplicas" if kind == "Deployment" else "readyReplicas", 0)
    return int(item["spec"].get("replicas", 1)), int(ready)


def _updated(kind: str, item: Json, desired: int) -> int:
    """Pods of the newest template."""
    status = item.get("status", {})
    if kind == "DaemonSet":
        on_delete = item["spec"].get("updateStrategy", {}).get("type") == "OnDelete"
        return desired if on_delete else int(status.get("updatedNumberScheduled", 0))
    if kind == "Deployment":
        return int(status.get("updatedReplicas", 0))
    strategy = item["spec"].get("updateStrategy", {})
    partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
    if strategy.get("type") == "OnDelete" or partition:
        return desired
    if status.get("updateRevision") == status.get("currentRevision"):
        return int(status.get("replicas", 0))
    return int(status.get("updatedReplicas", 0))
