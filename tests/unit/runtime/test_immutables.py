"""What is made of a change that the API server refuses: what grows, is replaced, outlives it, is lost."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.plan.replacement import Blockers, Kept, Replacement
from devenv.runtime.observe.immutables import RelatedObjects, blockers

Json = dict[str, Any]
FORBIDDEN = [("spec", "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden")]
IMMUTABLE = [("spec.selector", "Invalid value: {}: field is immutable")]
FOLDERS = {"metadata": {"name": "standard"}, "provisioner": "rancher.io/local-path"}
FIXED = {"metadata": {"name": "fixed"}, "provisioner": "example.org/fixed"}
DRIVER = {"metadata": {"name": "driver"}, "provisioner": "example.org/csi", "allowVolumeExpansion": True}
CLASSES = {c["metadata"]["name"]: c for c in (FOLDERS, FIXED, DRIVER)}  # type: ignore[index]
LABELS = {"app": "store", "part": "server"}


def volume(size: str, name: str = "data", **more: Any) -> Json:
    return {"metadata": {"name": name}, "spec": {"resources": {"requests": {"storage": size}}, **more}}


def claim(name: str, size: str, storage_class: str = "standard") -> Json:
    made = volume(size, name, storageClassName=storage_class, accessModes=["ReadWriteOnce"], volumeMode="Filesystem")
    return {**made, "metadata": {"name": name, "namespace": "space", "uid": f"uid-{name}"}}


def stateful_set(*volumes: Json, **spec: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "store", "namespace": "space", "uid": "uid-store"},
        "spec": {
            "serviceName": "store",
            "selector": {"matchLabels": {"app": "store"}},
            "volumeClaimTemplates": list(volumes),
            **spec,
        },
    }


def pod(**labels: str) -> Json:
    metadata = {"name": "store-0", "labels": labels or LABELS, "ownerReferences": [{"uid": "uid-store"}]}
    return {"metadata": metadata}


def of_stateful_set(wanted: Json, live: Json, *claims: Json, pods: tuple[Json, ...] = (pod(),)) -> Blockers:
    return blockers(wanted, live, FORBIDDEN, RelatedObjects(claims, pods, CLASSES))


def only(found: Blockers) -> Replacement:
    assert len(found.replacements) == 1
    return found.replacements[0]


def grown(found: Blockers) -> dict[str, str]:
    return {growth.claim.name: growth.size for growth in found.growths}


def test_claims_grow_and_the_pods_go_on() -> None:
    # What the API server fills in is no difference, and 1024Mi is 1Gi.
    live = stateful_set(
        volume("1Gi", volumeMode="Filesystem"), volume("1Gi", "log"), podManagementPolicy="OrderedReady"
    )
    wanted = stateful_set(volume("2Gi"), volume("1024Mi", "log"))
    claims = claim("data-store-0", "1Gi"), claim("data-store-1", "1Gi"), claim("log-store-0", "1Gi")
    found = of_stateful_set(wanted, live, *claims, claim("data-store-two-0", "1Gi"), claim("data-other-0", "1Gi"))
    assert grown(found) == {"data-store-0": "2Gi", "data-store-1": "2Gi"}
    replaced = only(found)
    assert (replaced.kept, replaced.loss) == (Kept.PODS, "")
    assert replaced.why == "volume data 1Gi -> 2Gi"
    assert (replaced.object.display_name, replaced.object.uid) == ("statefulset store", "uid-store")


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        pytest.param([claim("data-store-0", "5Gi")], "larger than wanted: Kubernetes shrinks none", id="larger"),
        pytest.param([claim("data-store-0", "1Gi", "fixed")], "of a class that does not grow", id="fixed"),
        pytest.param([], "not there", id="none"),
    ],
)
def test_claims_that_cannot_change_stay_as_they_are(claims: list[Json], why: str) -> None:
    found = of_stateful_set(stateful_set(volume("2Gi")), stateful_set(volume("1Gi")), *claims)
    assert not found.growths, why
    assert (only(found).kept, only(found).loss) == (Kept.PODS, "")


def test_a_driver_that_can_is_told_to_grow() -> None:
    found = of_stateful_set(
        stateful_set(volume("2Gi")), stateful_set(volume("1Gi")), claim("data-store-0", "1Gi", "driver")
    )
    assert grown(found) == {"data-store-0": "2Gi"}
    assert not found.growths[0].applied


@pytest.mark.parametrize(
    ("change", "kept", "why"),
    [
        pytest.param({"podManagementPolicy": "Parallel"}, Kept.PODS, "podManagementPolicy  -> Parallel", id="policy"),
        pytest.param({"selector": {"matchLabels": {"part": "server"}}}, Kept.PODS, "selector", id="still selected"),
        pytest.param({"selector": {"matchLabels": {"app": "shop"}}}, Kept.VOLUMES, "selector", id="not selected"),
        pytest.param({"serviceName": "shop"}, Kept.VOLUMES, "serviceName store -> shop", id="service"),
        pytest.param(
            {"selector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["store"]}]}},
            Kept.VOLUMES,
            "selector",
            id="expression",
        ),
        pytest.param(
            {"selector": {"matchExpressions": [{"key": "part", "operator": "Exists"}]}},
            Kept.PODS,
            "selector",
            id="still selected by an expression",
        ),
    ],
)
def test_pods_go_on_where_the_new_object_takes_them(change: Json, kept: Kept, why: str) -> None:
    replaced = only(of_stateful_set(stateful_set(volume("1Gi"), **change), stateful_set(volume("1Gi"))))
    assert (replaced.kept, replaced.why, replaced.loss) == (kept, why, "")


def test_a_volume_of_another_name_is_a_loss_to_agree_to() -> None:
    live, wanted = stateful_set(volume("1Gi")), stateful_set(volume("1Gi", "files"))
    found = of_stateful_set(wanted, live, claim("data-store-0", "1Gi"))
    assert only(found).why == "volume files is new, volume data is gone"
    assert found.losses == ("what is in claim data-store-0, to statefulset store (nothing deletes it)",)
    assert of_stateful_set(wanted, live).losses == (), "no claim was ever made of it"
    assert of_stateful_set(stateful_set(volume("1Gi"), volume("1Gi", "files")), live).losses == ()


def of_kind(version: str, kind: str, live: Json | None = None, wanted: Json | None = None, **around: Any) -> Blockers:
    metadata: Json = {"name": "thing", "namespace": "space", "uid": "uid-thing"}
    made: Json = {"apiVersion": version, "kind": kind, "metadata": metadata}
    live = {**made, **(live or {}), "metadata": {**metadata, **(live or {}).get("metadata", {})}}
    return blockers({**made, **(wanted or {})}, live, IMMUTABLE, RelatedObjects(**around))


@pytest.mark.parametrize(
    ("version", "kind", "loses"),
    [
        ("batch/v1", "Job", False),
        ("v1", "Service", False),
        ("v1", "ConfigMap", False),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", False),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", False),
        ("storage.k8s.io/v1", "StorageClass", False),
        ("scheduling.k8s.io/v1", "PriorityClass", False),
        ("v1", "Pod", True),
        ("v1", "PersistentVolume", True),
        ("example.org/v1", "Job", True),
        ("example.org/v1", "Database", True),
    ],
)
def test_what_holds_nothing_is_made_again_and_people_are_asked_about_the_rest(
    version: str, kind: str, *, loses: bool
) -> None:
    found = of_kind(version, kind)
    assert bool(found.losses) is loses
    assert (only(found).why, only(found).kept) == ("spec.selector", Kept.NOTHING)


@pytest.mark.parametrize(
    ("selector", "kept"), [({"app": "store"}, Kept.PODS), ({"app": "store", "new": "label"}, Kept.VOLUMES)]
)
@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet"])
def test_selectors_of_controllers(kind: str, selector: Json, kept: Kept) -> None:
    live = {"spec": {"selector": {"matchLabels": LABELS}}}
    wanted = {"spec": {"selector": {"matchLabels": selector}}}
    found = of_kind("apps/v1", kind, live, wanted, pods=(pod(), pod(app="another")))
    assert (only(found).kept, found.losses) == (kept, ())


def test_a_definition_is_lost_with_its_objects() -> None:
    definition = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert of_kind(*definition, instances=0).losses == ()
    assert of_kind(*definition, instances=12).losses == ("all 12 objects of the kind thing",)


def test_keys_that_others_wrote_into_a_secret_are_lost() -> None:
    managed = [
        {"manager": "helm", "fieldsV1": {"f:data": {".": {}, "f:ours": {}, "f:gone": {}}}},
        {"manager": "operator", "fieldsV1": {"f:data": {"f:theirs": {}}}},
    ]
    live = {"data": {"ours": "", "gone": "", "theirs": ""}, "metadata": {"managedFields": managed}}
    found = of_kind("v1", "Secret", live, {"stringData": {"ours": "x"}})
    assert found.losses == ("theirs of secret thing, which others wrote",)
    assert of_kind("v1", "Secret", live, {"data": {"theirs": "x"}}).losses == ()


def own_claim(wanted: Json, size: str = "2Gi", storage_class: str = "standard") -> Blockers:
    live = claim("files", size, storage_class)
    made = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    return blockers({**made, **wanted}, {**made, **live}, IMMUTABLE, RelatedObjects(classes=CLASSES))


def test_a_charts_own_claim_grows_with_what_is_applied() -> None:
    found = own_claim(volume("3Gi", "files"))
    assert [growth.applied for growth in found.growths] == [True]
    assert not found.replacements


@pytest.mark.parametrize(
    ("found", "why"),
    [
        pytest.param(own_claim(volume("1Gi", "files")), "2Gi -> 1Gi", id="shrinks"),
        pytest.param(own_claim(volume("3Gi", "files"), storage_class="fixed"), "2Gi -> 3Gi", id="fixed"),
        pytest.param(own_claim(volume("3Gi", "files", storageClassName="driver")), "spec.selector", id="class"),
    ],
)
def test_a_claim_that_has_to_be_another_is_lost(found: Blockers, why: str) -> None:
    assert only(found).why == why
    assert found.losses == ("everything that claim files holds",)
    assert not found.growths


def test_a_refusal_of_an_admission_plugin_is_told_in_its_words() -> None:
    metadata = {"name": "thing", "uid": "uid"}
    item = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": metadata}
    found = blockers(item, item, [("", "refused PATCH x: webhook says: spec is immutable")], RelatedObjects())
    assert only(found).why == "refused PATCH x: webhook says: spec is immutable"
