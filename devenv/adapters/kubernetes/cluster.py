"""The cluster through its API: devenv's own record, Helm's releases, workloads, secrets, logs.

Responsible for reading, and for the few writes that devenv makes itself. It judges nothing.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from devenv.adapters.kubernetes import logs, objects
from devenv.adapters.kubernetes.api import METADATA_ONLY, Api, ContentType
from devenv.adapters.kubernetes.cert_manager import Unissued, unissued
from devenv.adapters.kubernetes.conditions import await_condition
from devenv.adapters.kubernetes.discovery import discover, object_path
from devenv.adapters.kubernetes.external_secrets import Follower, Refreshed, coming, follow, followers, refresh
from devenv.adapters.kubernetes.inventory import Inventory, Recorded
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.leases import release
from devenv.adapters.kubernetes.managed_fields import FIELD_MANAGER, HELM_MANAGER, applied_by, mark
from devenv.adapters.kubernetes.objects import NodeState, Release, Workload, object_key, of_stack
from devenv.adapters.kubernetes.root_redirect import redirect
from devenv.adapters.kubernetes.store import ObjectStore
from devenv.adapters.kubernetes.streams import LineStream
from devenv.adapters.kubernetes.watch import PATHS, WORKLOADS, Informer
from devenv.errors import ApiRefusedError, ApiUnreachableError
from devenv.labels import ANNOTATION_PROFILE, LABEL_BORROWED, LABEL_SYNCED

__all__ = ["Cluster", "NodeState", "Recorded", "Release", "Workload", "of_stack"]

SYSTEM_NAMESPACE = "devenv-system"
STATE_NAME = "devenv-state"
_STATE = f"api/v1/namespaces/{SYSTEM_NAMESPACE}/configmaps/{STATE_NAME}"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""The annotation by which kubectl restarts (`polymorphichelpers/objectrestarter.go`)."""
BORROWABLE = ("Deployment", "StatefulSet")
"""Kinds of workloads that may be changed for a while."""
_COMPLETE_SECONDS = 30.0
_AT_ONCE = 6
"""Requests: more of them wait for each other in the API server."""


class Cluster:
    """One cluster that devenv made. Threads may share it."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self._api = Api(kubeconfig)
        self.objects = ObjectStore(self._api)
        self._lock = threading.Lock()
        self._informer: Informer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the watches and let go of the connections."""
        with self._lock:
            if self._informer:
                self._informer.close()
                self._informer = None
        self._api.close()

    def reachable(self, timeout: float = 2.0) -> bool:
        """Whether the API server answers that it is ready, within `timeout` seconds."""
        try:
            return self._api.text("readyz", timeout=timeout) == "ok"
        except (ApiRefusedError, ApiUnreachableError):
            return False

    def post(self, path: str, body: Json, *, timeout: float) -> None:
        """POST to a Service behind the API server's proxy; raises ApiRefusedError and ApiUnreachableError."""
        self._api.post(path, body, timeout=timeout)

    def ask(self, path: str, *, timeout: float, **query: str) -> Json:
        """GET from a Service behind the API server's proxy; raises ApiRefusedError and ApiUnreachableError."""
        return self._api.fetch(path, timeout=timeout, **query)

    def read(self, path: str, *, timeout: float, **query: str) -> str:
        """As `ask`, of an answer that is any text."""
        return self._api.text(path, timeout=timeout, **query)

    # devenv's own record

    def initialise(self, labels: Mapping[str, str]) -> None:
        """Mark the cluster as complete, and as the project's by labels: until then it counts as broken."""
        self.ensure_namespace(SYSTEM_NAMESPACE)
        state = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": STATE_NAME, "labels": dict(labels)},
        }
        self._apply(_STATE, state)

    def state(self) -> dict[str, Recorded] | None:
        """Stack to what is recorded of it; None when the cluster's creation has not been completed."""
        found = self._api.find(_STATE)
        if found is None:
            return None
        return {stack: Recorded.from_json(text) for stack, text in (found.get("data") or {}).items()}

    def profile(self) -> str:
        """The profile that was brought up last; empty where none is recorded."""
        found = self._api.find(_STATE) or {}
        return str((found.get("metadata", {}).get("annotations") or {}).get(ANNOTATION_PROFILE, ""))

    def note_profile(self, profile: str) -> None:
        """Record the profile that is being brought up."""
        self._change_state({"metadata": {"annotations": {ANNOTATION_PROFILE: profile}}})

    def record(self, stack: str, recorded: Recorded) -> None:
        """Keep what a stack that is ready now was installed from and is made of; a record that is gone begins anew."""
        self._note(stack, recorded.to_json())

    def forget(self, stack: str) -> None:
        """Drop what is recorded of a stack."""
        self._note(stack, None)

    def _note(self, stack: str, text: str | None) -> None:
        self._change_state({"data": {stack: text}})

    def _change_state(self, body: Json) -> None:
        try:
            self._api.write("PATCH", _STATE, body, "application/merge-patch+json")
        except ApiRefusedError as error:
            if error.status != httpx2.codes.NOT_FOUND:
                raise
            self.initialise({})
            self._api.write("PATCH", _STATE, body, "application/merge-patch+json")

    # Helm's releases

    def releases(self, name: str = "") -> list[Release]:
        """All releases, or those of one name, newest revision each."""
        selector = f"owner=helm,name={name}" if name else "owner=helm"
        secrets = self._api.items("api/v1/secrets", accept=METADATA_ONLY, selector=selector)
        return objects.releases(secrets)

    def release(self, namespace: str, name: str) -> Release | None:
        return next((r for r in self.releases(name) if r.namespace == namespace), None)

    def manifest(self, release: Release) -> str:
        """The manifests that Helm has applied for a release."""
        path = f"api/v1/namespaces/{release.namespace}/secrets/{release.secret}"
        return objects.manifest(self._api.fetch(path))

    def forget_pending(self, release: Release) -> None:
        """Remove the record of the revision that a killed run left half done, so that Helm goes on."""
        self._api.remove(f"api/v1/namespaces/{release.namespace}/secrets/{release.secret}")

    # what stacks are made of

    def inventory(self, applied: Iterable[Json]) -> Inventory:
        """Those of the objects that were applied which are there now, jobs left out: they come and go.

        Args:
            applied: as in manifests; each that belongs into a namespace names it.
        """
        known = {(r.api_version, r.kind): r for r in discover(self._api) if r.listed and r.kind != "Job"}
        wanted: dict[str, set[str]] = {}
        for item in applied:
            resource = known.get((item["apiVersion"], item["kind"]))
            if resource and "name" in item["metadata"]:
                key = object_key(item["metadata"]) if resource.namespaced else item["metadata"]["name"]
                wanted.setdefault(resource.path(), set()).add(key)
        present = self.present(wanted)
        return {
            path: {key: mark for key, mark in present.get(path, {}).items() if key in keys}
            for path, keys in wanted.items()
        }

    def present(self, paths: Iterable[str]) -> Inventory:
        """What there is now of some kinds, all asked at once; a kind that does not answer is left out."""
        paths = list(paths)
        if not paths:
            return {}
        with ThreadPoolExecutor(min(_AT_ONCE, len(paths)), thread_name_prefix="inventory") as pool:
            answers = list(pool.map(self._marks, paths))
        return {path: marks for path, marks in zip(paths, answers, strict=True) if marks is not None}

    def _marks(self, path: str) -> dict[str, str] | None:
        try:
            items = self._api.items(path, accept=METADATA_ONLY)
        except ApiRefusedError as error:
            # A kind that is not defined any more has no objects; of one whose server is away nothing is known.
            return {} if error.status == httpx2.codes.NOT_FOUND else None
        return {object_key(item["metadata"]): mark(item) for item in items}

    # workloads and nodes

    def workloads(self) -> list[Workload]:
        """All workloads that last."""
        with ThreadPoolExecutor(len(WORKLOADS), thread_name_prefix="workloads") as pool:
            answers = list(pool.map(lambda kind: self._api.items(PATHS[kind]), WORKLOADS))
        return [
            workload
            for kind, items in zip(WORKLOADS, answers, strict=True)
            for workload in objects.lasting_workloads(kind, items)
        ]

    def claims(self) -> dict[str, str]:
        """All volume claims, `namespace/name` to UID: a claim that is made anew has another one, and another volume."""
        items = self._api.items("api/v1/persistentvolumeclaims", accept=METADATA_ONLY)
        return {object_key(item["metadata"]): item["metadata"]["uid"] for item in items}

    def workloads_of(self, kind: str) -> list[Workload]:
        """The workloads of one kind."""
        return [objects.workload(kind, item) for item in self._api.items(PATHS[kind])]

    def node_states(self) -> list[NodeState]:
        return [objects.node(item) for item in self.nodes()]

    def nodes(self) -> list[Json]:
        """All nodes, as they are now."""
        return self._api.items(PATHS["Node"])

    def await_condition(
        self, kind: str, name: str, namespace: str, wanted: str, *, timeout: float, cancel: threading.Event
    ) -> str:
        return await_condition(self._api, kind, name, namespace, wanted, timeout=timeout, cancel=cancel)

    def refresh_external_secrets(self, token: str, *, timeout: float, cancel: threading.Event) -> Refreshed:
        return refresh(self._api, token, timeout=timeout, cancel=cancel)

    def follow_secret(self, key: str, *, timeout: float, cancel: threading.Event) -> Refreshed:
        return follow(self._api, key, timeout=timeout, cancel=cancel)

    def followers_of_secrets(self) -> dict[str, list[Follower]]:
        return followers(self._api)

    def release_leases(self, before: datetime) -> list[str]:
        return release(self._api, before)

    def coming_secrets(self, namespace: str) -> frozenset[str]:
        """The Secrets that operators are to bring into a namespace, and have not said that they cannot."""
        issued = (each.secret for each in unissued(self._api, namespace) if not each.failed)
        return coming(self._api, namespace).union(issued)

    def unissued_certificates(self, namespace: str = "") -> list[Unissued]:
        """The Certificates of cert-manager, in a namespace or in all, that are not ready, each with the reason."""
        return unissued(self._api, namespace)

    def informer(self, over: Callable[[], bool] = lambda: False) -> Informer:
        """The live copy of the cluster, made at the first call and then shared; complete unless `over`."""
        with self._lock:
            if self._informer is None:
                self._informer = Informer(self._api)
            informer = self._informer
        informer.wait_complete(_COMPLETE_SECONDS, over)
        return informer

    # single objects

    def log(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> tuple[str, ...]:
        return logs.last_lines(self._api, logs.path(namespace, pod), container, previous=previous, lines=lines)

    def log_since(
        self, namespace: str, pod: str, container: str, *, previous: bool, since: datetime, lines: int
    ) -> tuple[str, ...]:
        path = logs.path(namespace, pod)
        return logs.stamped_lines(self._api, path, container, previous=previous, since=since, lines=lines)

    def follow_log(self, namespace: str, pod: str, container: str, since: str) -> LineStream:
        return logs.coming_lines(self._api, logs.path(namespace, pod), container, since)

    def pods(self) -> list[Json]:
        """All pods, as they are now."""
        return self._api.items(PATHS["Pod"])

    def synced_pods(self, stack: str = "") -> list[Json]:
        """Outlines of the pods of a stack, or of all, that `devenv dev` has put files into and that stay."""
        selector = f"{LABEL_SYNCED}={stack}" if stack else LABEL_SYNCED
        pods = self._api.items(PATHS["Pod"], accept=METADATA_ONLY, selector=selector)
        return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]

    def borrowed_workloads(self, stack: str) -> list[tuple[str, Json]]:
        """The workloads of a stack that somebody has changed for a while, each with its kind."""
        selector = f"{LABEL_BORROWED}={stack}"
        return [(kind, item) for kind in BORROWABLE for item in self._api.items(PATHS[kind], selector=selector)]

    def secret(self, namespace: str, name: str) -> dict[str, bytes]:
        """The decoded data of a Secret; empty when there is none."""
        found = self._api.find(f"api/v1/namespaces/{namespace}/secrets/{name}")
        data = (found or {}).get("data") or {}
        return {key: base64.b64decode(value) for key, value in data.items()}

    def version_of_secret(self, namespace: str, name: str) -> str:
        """Another text after each change of a Secret; empty when there is none."""
        found = self._api.find(f"api/v1/namespaces/{namespace}/secrets/{name}")
        return str(found["metadata"]["resourceVersion"]) if found else ""

    def write_secret(
        self,
        namespace: str,
        name: str,
        data: Mapping[str, bytes],
        *,
        kind: str = "Opaque",
        labels: Mapping[str, str] | None = None,
    ) -> Json:
        """Create or change a Secret, and its namespace where that is missing; the Secret as it is then."""
        self.ensure_namespace(namespace)
        body: Json = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": kind,
            "metadata": {"name": name, "labels": dict(labels or {})},
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
        }
        return self._apply(f"api/v1/namespaces/{namespace}/secrets/{name}", body)

    def write_config_map(self, namespace: str, name: str, data: Mapping[str, str]) -> Json:
        """Create or change a ConfigMap, and its namespace where that is missing; the ConfigMap as it is then."""
        self.ensure_namespace(namespace)
        body: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": dict(data)}
        return self._apply(f"api/v1/namespaces/{namespace}/configmaps/{name}", body)

    def write_parts(self, namespace: str, parts: Mapping[str, bytes], labels: Mapping[str, str]) -> list[Json]:
        """Create ConfigMaps that hold one part of something each, by name, under the key `part`; as they are then."""
        self.ensure_namespace(namespace)
        return [self._write_part(namespace, name, part, labels) for name, part in parts.items()]

    def _write_part(self, namespace: str, name: str, part: bytes, labels: Mapping[str, str]) -> Json:
        body: Json = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": dict(labels)},
            "binaryData": {"part": base64.b64encode(part).decode()},
        }
        return self._apply(f"api/v1/namespaces/{namespace}/configmaps/{name}", body)

    def remove_parts(self, namespace: str, labels: Mapping[str, str], *, but: Collection[str]) -> None:
        """Remove the ConfigMaps with all of these labels, apart from some."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        path = f"api/v1/namespaces/{namespace}/configmaps"
        for found in self._api.items(path, accept=METADATA_ONLY, selector=selector):
            if found["metadata"]["name"] not in but:
                self._api.remove(f"{path}/{found['metadata']['name']}")

    def ensure_namespace(self, name: str) -> None:
        """Create a namespace unless it is there; what others set on it stays."""
        body: Json = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self._apply(f"api/v1/namespaces/{name}", body)

    def set_images(self, kind: str, namespace: str, name: str, images: Mapping[str, str]) -> Json | None:
        """Give containers of a workload's template other images, by container; the workload as it is then.

        It is done as Helm does it, in Helm's name and with all else that Helm has applied: a manager of devenv's own
        would keep its hold on the image, and every other program's `helm upgrade` would end in a conflict. None for a
        workload that Helm has not applied.
        """
        path = object_path(PATHS[kind], f"{namespace}/{name}")
        applied = applied_by(self._api.fetch(path), HELM_MANAGER)
        if applied is None:
            return None
        for container in applied["spec"]["template"]["spec"]["containers"]:
            if container["name"] in images:
                container["image"] = images[container["name"]]
        return self._apply(path, applied, manager=HELM_MANAGER)

    def restart(self, kind: str, namespace: str, name: str, at: str) -> None:
        """Have a workload's pods replaced, as `kubectl rollout restart` does and in its name.

        The annotation of their template is nobody else's: what Helm or devenv applied stays as it is.
        """
        body: Json = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: at}}}}}
        kind_of_patch: ContentType = "application/strategic-merge-patch+json"
        path = object_path(PATHS[kind], f"{namespace}/{name}")
        self._api.write("PATCH", path, body, kind_of_patch, fieldManager="kubectl-rollout")

    def redirect(self, namespace: str, host: str, url: str) -> None:
        """Have Traefik, in its namespace, lead a host name to an address; raises ApiRefusedError without its CRDs."""
        for path, body in redirect(namespace, host, url):
            self._apply(path, body)

    def delete_pod(self, namespace: str, name: str) -> None:
        """Delete a pod, so that its controller makes a new one."""
        self._api.remove(f"api/v1/namespaces/{namespace}/pods/{name}")

    def _apply(self, path: str, body: Json, *, manager: str = FIELD_MANAGER) -> Json:
        kind: ContentType = "application/apply-patch+yaml"
        return self._api.write("PATCH", path, body, kind, fieldManager=manager, force="true")
