"""What a refused change means: which claims can grow, what can be replaced, what outlives it, what is lost. Pure.

That an object cannot be changed is what the API server says; here its kind decides what is done about it. The rule for
what is not known: it may be lost, so people are asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from lightkube.utils.quantity import parse_quantity

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import owner_uids
from devenv.adapters.kubernetes.selectors import matches
from devenv.plan.replacement import Blockers, Growth, Kept, ObjectRef, Replacement

UNENFORCED = ("rancher.io/local-path",)
"""Provisioners whose volumes are folders of a node, of any size: a claim of theirs grows by being told so."""
_STATEFUL_FIELDS = ("serviceName", "podManagementPolicy")
_MADE_AGAIN = frozenset(
    {
        "Job.batch",
        "ClusterRoleBinding.rbac.authorization.k8s.io",
        "RoleBinding.rbac.authorization.k8s.io",
        "Service.",
        "StorageClass.storage.k8s.io",
        "VolumeAttributesClass.storage.k8s.io",
        "CSIDriver.storage.k8s.io",
        "PriorityClass.scheduling.k8s.io",
        "IngressClass.networking.k8s.io",
        "RuntimeClass.node.k8s.io",
    }
)
"""Kinds that hold nothing but what their manifests say: a new one is as good as the old one."""
_CONTROLLERS = frozenset({"Deployment.apps", "ReplicaSet.apps", "DaemonSet.apps"})


@dataclass(frozen=True, slots=True)
class RelatedObjects:
    """What is there beside a refused object."""

    claims: Sequence[Json] = ()
    """PersistentVolumeClaims of its namespace."""
    pods: Sequence[Json] = ()
    """Pods of its namespace."""
    classes: Mapping[str, Json] = field(default_factory=dict)
    """Storage class by its name."""
    instances: int = 0
    """How many objects there are of the kind that the object defines."""


def blockers(
    wanted: Json, live: Json, causes: Sequence[tuple[str, str]], related: RelatedObjects, manager: str = "helm"
) -> Blockers:
    """What blocks a manifest that the API server refuses to apply to an object that is there.

    Args:
        wanted: the manifest.
        live: the object.
        causes: the fields that cannot be changed, each with the API server's reason.
        related: what else is there.
        manager: the field manager in whose name the object was applied.
    """
    made = ObjectRef(
        str(live.get("apiVersion") or wanted["apiVersion"]),
        str(wanted["kind"]),
        str(live["metadata"].get("namespace", "")),
        str(live["metadata"]["name"]),
        str(live["metadata"]["uid"]),
    )
    why = ", ".join(dict.fromkeys(field for field, _ in causes if field)) or _short(causes[0][1])
    group, _, _ = made.version.rpartition("/")
    kind = f"{made.kind}.{group}"
    if kind == "StatefulSet.apps":
        return _stateful_set(wanted, live, made, why, related)
    if kind == "PersistentVolumeClaim.":
        return _claim(wanted, live, made, why, related)
    kept, loss = Kept.NOTHING, ""
    if kind in _CONTROLLERS:
        mine = _selected(live, related.pods)
        kept = Kept.PODS if _selected(wanted, mine) == mine else Kept.VOLUMES
    elif kind in ("ConfigMap.", "Secret."):
        loss = _written_by_others(wanted, live, made, manager)
    elif kind == "CustomResourceDefinition.apiextensions.k8s.io":
        loss = f"all {related.instances} objects of the kind {made.name}" if related.instances else ""
    elif kind not in _MADE_AGAIN:
        loss = f"{made.display_name} as it is, and what depends on it"
    return Blockers(replacements=(Replacement(made, why, kept, loss),))


def _stateful_set(wanted: Json, live: Json, made: ObjectRef, why: str, related: RelatedObjects) -> Blockers:
    new, old = claim_templates(wanted), claim_templates(live)
    left = [
        c["metadata"]["name"] for name in old if name not in new for c in claims_of(name, made.name, related.claims)
    ]
    differences = [*_template_differences(new, old), *_field_differences(wanted, live)]
    mine = [p for p in related.pods if made.uid in owner_uids(p)]
    # A pod keeps the name of the service that it was made for.
    fits = _selected(wanted, mine) == mine and not _changed(wanted, live, "serviceName")
    loss = f"what is in {named_claims(left)}, to {made.display_name} (nothing deletes it)" if left else ""
    replacement = Replacement(made, ", ".join(differences) or why, Kept.PODS if fits else Kept.VOLUMES, loss)
    growths = (
        growth
        for name, template in new.items()
        for claim in claims_of(name, made.name, related.claims)
        for growth in _growth(claim, _size(template), related)
    )
    return Blockers(tuple(growths), (replacement,))


def _claim(wanted: Json, live: Json, made: ObjectRef, why: str, related: RelatedObjects) -> Blockers:
    size = _size(wanted)
    growths = tuple(_growth(live, size, related))
    # What a claim leaves out is filled in, and is no difference.
    same = all(live["spec"].get(name) == value for name, value in wanted["spec"].items() if name != "resources")
    if growths and same:
        return Blockers(tuple(replace(growth, applied=True) for growth in growths))
    why = f"{_size(live)} -> {size}" if same and size else why
    loss = f"everything that claim {made.name} holds"
    return Blockers(replacements=(Replacement(made, why, loss=loss),))


def _growth(claim: Json, size: str, related: RelatedObjects) -> Iterator[Growth]:
    """How a claim is brought to a size, where it is smaller and its class lets it grow."""
    former = _size(claim)
    storage_class = related.classes.get(claim["spec"].get("storageClassName", ""), {})
    grows = storage_class.get("allowVolumeExpansion") or storage_class.get("provisioner") in UNENFORCED
    if grows and size and _amount(size) > _amount(former):
        meta = claim["metadata"]
        made = ObjectRef("v1", "PersistentVolumeClaim", meta["namespace"], meta["name"], meta["uid"])
        yield Growth(made, former, size)


def claim_templates(item: Json) -> dict[str, Json]:
    """Of a StatefulSet, by name."""
    return {t["metadata"]["name"]: t for t in item["spec"].get("volumeClaimTemplates") or ()}


def _template_differences(new: Mapping[str, Json], old: Mapping[str, Json]) -> Iterator[str]:
    for name in [*new, *(name for name in old if name not in new)]:
        if name not in old:
            yield f"volume {name} is new"
        elif name not in new:
            yield f"volume {name} is gone"
        elif _amount(_size(new[name])) != _amount(_size(old[name])):
            yield f"volume {name} {_size(old[name])} -> {_size(new[name])}"
        elif any(old[name]["spec"].get(f) != v for f, v in new[name]["spec"].items() if f != "resources"):
            yield f"volume {name}"


def _field_differences(wanted: Json, live: Json) -> Iterator[str]:
    for name in _STATEFUL_FIELDS:
        if _changed(wanted, live, name):
            yield f"{name} {live['spec'].get(name, '')} -> {wanted['spec'][name]}"
    if _changed(wanted, live, "selector"):
        yield "selector"


def _changed(wanted: Json, live: Json, name: str) -> bool:
    """Whether a field is wanted otherwise; one that the manifest leaves out is as it is."""
    return name in wanted["spec"] and wanted["spec"][name] != live["spec"].get(name)


def claims_of(template: str, stateful_set: str, claims: Iterable[Json]) -> list[Json]:
    """Those of a namespace's claims that a StatefulSet's pods have of one template, of pods that are gone too."""
    name = re.compile(rf"{re.escape(template)}-{re.escape(stateful_set)}-\d+")
    return [claim for claim in claims if name.fullmatch(claim["metadata"]["name"])]


def named_claims(names: Sequence[str]) -> str:
    """Claims as they are named in a sentence."""
    return f"claim{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _size(claim: Json) -> str:
    return str(claim["spec"].get("resources", {}).get("requests", {}).get("storage", ""))


def _amount(size: str) -> Decimal:
    try:
        return Decimal(parse_quantity(size) or 0)
    except ValueError:
        return Decimal(0)  # the API server refuses it in words of its own


def _selected(item: Json, pods: Iterable[Json]) -> list[Json]:
    """The pods that the selector of a workload selects."""
    selector = item["spec"].get("selector") or {}
    return [pod for pod in pods if matches(selector, pod["metadata"].get("labels") or {})]


def _written_by_others(wanted: Json, live: Json, made: ObjectRef, manager: str) -> str:
    """Keys of a Secret or ConfigMap that are neither wanted nor from its manifest, in words."""
    ours = {
        key
        for entry in live["metadata"].get("managedFields") or ()
        if entry.get("manager") == manager
        for part in ("f:data", "f:binaryData", "f:stringData")
        for key in (entry.get("fieldsV1") or {}).get(part) or ()
    }
    parts = ("data", "binaryData", "stringData")
    new = {key for part in parts for key in wanted.get(part) or ()}
    lost = [k for part in parts for k in live.get(part) or () if f"f:{k}" not in ours and k not in new]
    return f"{', '.join(lost)} of {made.display_name}, which others wrote" if lost else ""


def _short(reason: str) -> str:
    return reason.strip().splitlines()[-1][-200:] if reason.strip() else "it cannot be changed"
