"""What installing the stacks again would change of the objects that are there, field by field.

Responsible for asking and comparing. Nothing is changed: the API server itself says what each manifest would become.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any

from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import is_hook
from devenv.adapters.kubernetes.store import ObjectStore
from devenv.errors import ApiRefusedError
from devenv.events import MASK
from devenv.labels import LABEL_STACK
from devenv.plan.observed import StackInput
from devenv.plan.stack_steps import source_steps
from devenv.plan.steps import ApplyManifests, InstallChart
from devenv.runtime.observe.rendering import manager_of, rendered
from devenv.runtime.toolbox import Toolbox
from devenv.spec.stack import StackSpec

_THREADS = 6
ABSENT = "(none)"
"""Stands for what is not there, or would not be."""
_SERVERS_OWN = frozenset({"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"})
"""Fields of `metadata` that no manifest sets."""
_NOTES = {
    "labels": frozenset({"app.kubernetes.io/managed-by", LABEL_STACK}),
    "annotations": frozenset({"meta.helm.sh/release-name", "meta.helm.sh/release-namespace"}),
}
"""What Helm (`setMetadataVisitor` in its pkg/action/validate.go) and devenv add to every manifest that they apply."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that would change."""

    stack: str
    object: str
    """Kind, namespace and name."""
    field: str
    """Its place, as in `spec.replicas`; empty for the object as a whole."""
    live: str
    """What there is, as JSON."""
    wanted: str
    """What there would be, as JSON; or why the API server refuses it."""


def differences(cluster: Cluster, toolbox: Toolbox, stacks: Iterable[tuple[StackSpec, StackInput]]) -> list[Difference]:
    """What would change of the objects of these stacks; hooks and the definitions in `crds/` are not looked at.

    Raises:
        ApiUnreachableError: the API server does not answer.
        CommandFailedError: Helm or kustomize refuses a source.
        SpecError: a source has no manifests.
    """
    steps = [step for spec, made in stacks for step in source_steps(spec, made)]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="differences") as pool:
        found = pool.map(lambda step: _of_step(step, cluster, toolbox), steps)
        return list(chain.from_iterable(found))


def _of_step(step: InstallChart | ApplyManifests, cluster: Cluster, toolbox: Toolbox) -> list[Difference]:
    if step.module and step.module not in toolbox.modules:
        return [Difference(step.stack, f"module {step.module}", "", ABSENT, "fetched by devenv up")]
    wanted = [item for item in manifests.documents(rendered(step, toolbox)) if not is_hook(item)]
    store = cluster.objects
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="objects") as pool:
        found = pool.map(lambda item: _of_object(step, item, store), wanted)
        return list(chain.from_iterable(found))


def _of_object(step: InstallChart | ApplyManifests, item: Json, store: ObjectStore) -> list[Difference]:
    path = store.path(item, step.namespace)
    live = store.find(path) if path else None
    metadata = (live or item)["metadata"]
    name = f"{item['kind']} {'/'.join(filter(None, (metadata.get('namespace'), metadata.get('name'))))}"
    if path is None or live is None:
        return [Difference(step.stack, name, "", ABSENT, "created")]
    try:
        after = store.try_to_apply(path, item, manager_of(step))
    except ApiRefusedError as error:
        causes = error.causes or (("", error.message),)
        return [Difference(step.stack, name, field, "", f"refused: {why}") for field, why in causes]
    return [Difference(step.stack, name, *found) for found in compare(live, after)]


def compare(live: Json, after: Json) -> Iterator[tuple[str, str, str]]:
    """The fields that differ between two states of an object: place, value before, value after. Pure.

    What the API server sets is left out. The values of a Secret differ without being shown.
    """
    secret = live.get("kind") == "Secret"
    for place, one, other in _differing(_settable(live), _settable(after), ""):
        if secret and place.startswith(("data", "stringData")):
            yield place, _hidden(one), _hidden(other)
        else:
            yield place, one, other


def _hidden(text: str) -> str:
    return text if text == ABSENT else MASK


def _settable(item: Json) -> Json:
    metadata = {key: value for key, value in item["metadata"].items() if key not in {*_SERVERS_OWN, *_NOTES}}
    for part, notes in _NOTES.items():
        metadata[part] = {key: value for key, value in (item["metadata"].get(part) or {}).items() if key not in notes}
    return {**{key: value for key, value in item.items() if key != "status"}, "metadata": metadata}


def _differing(one: Any, other: Any, place: str) -> Iterator[tuple[str, str, str]]:
    if one == other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in (*one, *(key for key in other if key not in one)):
            here = f'{place}["{key}"]' if "." in key or "/" in key else f"{place}.{key}" if place else key
            yield from _differing(one.get(key), other.get(key), here)
        return
    if isinstance(one, list) and isinstance(other, list) and len(one) != len(other):
        mine, theirs = _by_name(one), _by_name(other)
        if mine and theirs:
            for name in (*mine, *(name for name in theirs if name not in mine)):
                yield from _differing(mine.get(name), theirs.get(name), f"{place}[name={name}]")
            return
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _differing(mine, theirs, f"{place}[{index}]")
        return
    yield place, _text(one), _text(other)


def _by_name(entries: list[Any]) -> dict[str, Any]:
    """The entries of a list by their names; none where they have no names of their own."""
    named = {str(entry["name"]): entry for entry in entries if isinstance(entry, dict) and "name" in entry}
    return named if len(named) == len(entries) else {}


def _text(value: Any) -> str:
    return ABSENT if value is None else json.dumps(value, ensure_ascii=False)
