"""What is around a workload: what leads to it, what selects it, where its variables come from.

Responsible for asking, everything at once. What is made of the answers is decided elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from devenv.adapters.kubernetes.discovery import object_path
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.store import ObjectStore
from devenv.adapters.kubernetes.watch import CONTROLLERS, PATHS
from devenv.labels import LABEL_COPY, LABEL_PROCESS

INGRESS, ROUTES = "apis/networking.k8s.io/v1/ingresses", "apis/traefik.io/v1alpha1/ingressroutes"
SERVICES, POLICIES = "api/v1/services", "apis/networking.k8s.io/v1/networkpolicies"
_BUDGETS = "apis/policy/v1/namespaces/{}/poddisruptionbudgets"
_COPIED = ("api/v1/pods", SERVICES, "api/v1/secrets", ROUTES, INGRESS, POLICIES)
"""The kinds that a copy is made of."""
_AT_ONCE = 6
_COLLECTIONS = {"Secret": "secrets", "ConfigMap": "configmaps"}
Source = tuple[str, str]
"""`Secret` or `ConfigMap`, and its name."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A workload and what is around it."""

    workload: Json
    services: tuple[Json, ...]
    """Of the cluster."""
    routes: tuple[Json, ...]
    """IngressRoutes and Ingresses of the cluster, each with its kind."""
    policies: tuple[Json, ...]
    """Network policies of the cluster."""
    selectors: tuple[Json, ...]
    """By which controllers and disruption budgets of its namespace know pods."""
    namespace_labels: Mapping[str, str]


def read_surroundings(store: ObjectStore, kind: str, namespace: str, name: str) -> Surroundings:
    """Ask for a workload (`Deployment`, `StatefulSet`) and what is around it; raises ApiRefusedError."""
    controllers = [_within(PATHS[each], namespace) for each in CONTROLLERS]
    single = (object_path(PATHS[kind], f"{namespace}/{name}"), f"api/v1/namespaces/{namespace}")
    lists = (SERVICES, INGRESS, ROUTES, POLICIES, _BUDGETS.format(namespace), *controllers)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="surroundings") as pool:
        objects = pool.map(store.fetch, single)
        found = dict(zip(lists, pool.map(store.served, lists), strict=True))
        workload, space = objects
    selecting = [item for path in (_BUDGETS.format(namespace), *controllers) for item in found[path]]
    return Surroundings(
        workload={**workload, "kind": kind},
        services=tuple(found[SERVICES]),
        routes=(
            *({**item, "kind": "IngressRoute"} for item in found[ROUTES]),
            # Items of lists do not say what they are.
            *({**item, "apiVersion": "networking.k8s.io/v1", "kind": "Ingress"} for item in found[INGRESS]),
        ),
        policies=tuple(found[POLICIES]),
        selectors=tuple(item["spec"]["selector"] for item in selecting if item["spec"].get("selector")),
        namespace_labels=space["metadata"].get("labels") or {},
    )


def read_texts(store: ObjectStore, namespace: str, sources: Iterable[Source]) -> dict[Source, dict[str, str]]:
    """What Secrets and ConfigMaps hold; those that are not there are left out, and what is no text is empty."""
    wanted = list(sources)
    paths = [f"api/v1/namespaces/{namespace}/{_COLLECTIONS[kind]}/{name}" for kind, name in wanted]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="variables") as pool:
        found = list(pool.map(store.find, paths))
    return {
        source: {
            **dict.fromkeys(item.get("binaryData") or {}, ""),
            **dict(_texts(item.get("data") or {}, secret=source[0] == "Secret")),
        }
        for source, item in zip(wanted, found, strict=True)
        if item is not None
    }


def create_all(store: ObjectStore, items: Iterable[Json]) -> None:
    """Make objects that do not need each other, all at once; raises the first refusal when all have been tried."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="copy") as pool:
        made = [pool.submit(store.create, item) for item in items]
    for each in made:
        each.result()


def remove_all(store: ObjectStore, paths: Iterable[str], *, grace: int) -> None:
    """Delete objects, all at once; pods get `grace` seconds to end."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="copy") as pool:
        gone = [pool.submit(store.remove, path, grace=grace if "/pods/" in path else None) for path in paths]
    for each in gone:
        each.result()


def left_over(store: ObjectStore, is_over: Callable[[str], bool]) -> list[str]:
    """Paths of what copies are made of whose processes are over."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="copies") as pool:
        found = list(pool.map(lambda path: _marked(store, path), _COPIED))
    return [
        _within(path, item["metadata"]["namespace"]) + f"/{item['metadata']['name']}"
        for path, items in zip(_COPIED, found, strict=True)
        for item in items
        if not item["metadata"].get("deletionTimestamp")
        and is_over((item["metadata"].get("annotations") or {}).get(LABEL_PROCESS, ""))
    ]


def _marked(store: ObjectStore, path: str) -> list[Json]:
    return store.served(path, selector=LABEL_COPY, outlines=True)


def _texts(data: Mapping[str, str], *, secret: bool) -> Iterable[tuple[str, str]]:
    for key, value in data.items():
        try:
            yield key, base64.b64decode(value).decode() if secret else value
        except UnicodeDecodeError:
            yield key, ""


def _within(path: str, namespace: str) -> str:
    group, _, plural = path.rpartition("/")
    return f"{group}/namespaces/{namespace}/{plural}"
