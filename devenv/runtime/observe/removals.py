"""What goes with objects that a release has and is to have no more: Helm deletes them, whatever they hold. Pure.

Most objects hold nothing but what their manifests say. Those that are looked at here hold data, or other objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from devenv.adapters.kubernetes.json_objects import Json
from devenv.runtime.observe.immutables import claim_templates, claims_of, named_claims

CLAIM, STATEFUL_SET = "PersistentVolumeClaim", "StatefulSet"
NAMESPACE, DEFINITION = "Namespace", "CustomResourceDefinition"
PATHS = {
    CLAIM: "api/v1/persistentvolumeclaims",
    STATEFUL_SET: "apis/apps/v1/statefulsets",
    NAMESPACE: "api/v1/namespaces",
    DEFINITION: "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
}
"""The kinds that are looked at, and where the API server keeps them."""
_RELEASE, _SPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
"""Annotations that Helm gives every object of a release."""
_POLICY = "helm.sh/resource-policy"
"""An object that says `keep` here is left alone: https://helm.sh/docs/howto/charts_tips_and_tricks/"""


def removal_losses(
    release: str, namespace: str, wanted: Iterable[Json], live: Mapping[str, Sequence[Json]]
) -> list[str]:
    """What would be lost with the objects that leave a release, in words.

    Args:
        release: its name.
        namespace: where it is, and where its objects go that name none.
        wanted: its manifests as they are to be.
        live: the objects that there are of each of the kinds.
    """
    staying = {(item["kind"], *_name(item, namespace)) for item in wanted if item.get("metadata")}
    leaving = [
        (kind, item)
        for kind, items in live.items()
        for item in items
        if _belongs(item, release, namespace) and (kind, *_name(item, namespace)) not in staying
    ]
    return [loss for kind, item in leaving for loss in _losses(kind, item, live.get(CLAIM, ()))]


def _belongs(item: Json, release: str, namespace: str) -> bool:
    notes = item["metadata"].get("annotations") or {}
    return (notes.get(_RELEASE), notes.get(_SPACE)) == (release, namespace) and notes.get(_POLICY) != "keep"


def _name(item: Json, namespace: str) -> tuple[str, str]:
    """Namespace and name; of kinds that have no namespace the same for all."""
    return item["metadata"].get("namespace") or namespace, item["metadata"].get("name", "")


def _losses(kind: str, item: Json, claims: Sequence[Json]) -> Iterator[str]:
    name = item["metadata"]["name"]
    if kind == CLAIM:
        yield f"everything that claim {name} holds"
    elif kind == NAMESPACE:
        yield f"namespace {name} with everything in it"
    elif kind == DEFINITION:
        yield f"all objects of the kind {name}"
    elif held := _names_of_claims(item, claims):
        deleted = (item["spec"].get("persistentVolumeClaimRetentionPolicy") or {}).get("whenDeleted") == "Delete"
        named = named_claims(held)
        yield (
            f"everything that {named} hold{'' if len(held) > 1 else 's'}"
            if deleted
            else (f"what is in {named}, to statefulset {name}, which goes (nothing deletes it)")
        )


def _names_of_claims(item: Json, claims: Sequence[Json]) -> list[str]:
    """The claims that a StatefulSet's pods have made, by name."""
    space, name = item["metadata"].get("namespace"), item["metadata"]["name"]
    here = [claim for claim in claims if claim["metadata"].get("namespace") == space]
    return [c["metadata"]["name"] for template in claim_templates(item) for c in claims_of(template, name, here)]
