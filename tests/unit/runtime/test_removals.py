"""What a release is to have no more is told before Helm deletes it, where it holds something."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.runtime.observe.removals import CLAIM, DEFINITION, NAMESPACE, STATEFUL_SET, removal_losses

Json = dict[str, Any]
OF_HELM = {"meta.helm.sh/release-name": "store", "meta.helm.sh/release-namespace": "space"}


def item(name: str, namespace: str = "space", annotations: Json = OF_HELM, **spec: Any) -> Json:
    return {"metadata": {"name": name, "namespace": namespace, "annotations": annotations}, "spec": spec}


def lost(kind: str, *live: Json, wanted: tuple[Json, ...] = (), claims: tuple[Json, ...] = ()) -> list[str]:
    return removal_losses("store", "space", wanted, {CLAIM: claims, kind: live})


SET = item("db", volumeClaimTemplates=[{"metadata": {"name": "data"}}])
CLAIMS = tuple(
    item(name, annotations={}) for name in ("data-db-0", "data-db-1", "data-dbx-0", "data-db-x", "data-db-api-0")
)


@pytest.mark.parametrize(
    ("kind", "reported"),
    [
        (CLAIM, "everything that claim files holds"),
        (NAMESPACE, "namespace files with everything in it"),
        (DEFINITION, "all objects of the kind files"),
    ],
)
def test_what_leaves_a_release_is_lost(kind: str, reported: str) -> None:
    assert lost(kind, item("files")) == [reported]
    same = {"kind": kind, "metadata": {"name": "files"}}
    assert lost(kind, item("files"), wanted=(same,)) == [], "it stays"
    assert lost(kind, item("files"), wanted=({"kind": "Service", "metadata": {"name": "files"}},)) == [reported]


@pytest.mark.parametrize(
    "notes",
    [
        {},
        {**OF_HELM, "meta.helm.sh/release-name": "other"},
        {**OF_HELM, "meta.helm.sh/release-namespace": "other"},
        {**OF_HELM, "helm.sh/resource-policy": "keep"},
    ],
)
def test_what_helm_does_not_delete_is_not_lost(notes: Json) -> None:
    assert lost(CLAIM, item("files", annotations=notes)) == []


def test_a_stateful_set_that_goes_leaves_its_claims_behind_or_takes_them_along() -> None:
    assert lost(STATEFUL_SET, SET, claims=CLAIMS) == [
        "what is in claims data-db-0, data-db-1, to statefulset db, which goes (nothing deletes it)"
    ]
    retained = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}
    taking = {**SET, "spec": {**SET["spec"], **retained}}
    assert lost(STATEFUL_SET, taking, claims=CLAIMS[:1]) == ["everything that claim data-db-0 holds"]
    assert lost(STATEFUL_SET, SET) == []
    assert lost(STATEFUL_SET, SET, claims=CLAIMS, wanted=({**SET, "kind": STATEFUL_SET},)) == []
