"""What a manager has applied, read out of the API server's account of fields."""

from __future__ import annotations

from typing import Any

from devenv.adapters.kubernetes.managed_fields import FIELD_MANAGER, HELM_MANAGER, applied_by, mark


def deployment(*entries: dict[str, Any]) -> dict[str, Any]:
    container = {
        "name": "web",
        "image": "web:1",
        "imagePullPolicy": "IfNotPresent",
        "args": ["--verbose", "--port=80"],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "ports": [{"containerPort": 80, "protocol": "TCP", "name": "http"}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "1234",
            "labels": {"app.kubernetes.io/name": "web", "by-hand": "yes"},
            "annotations": {"deployment.kubernetes.io/revision": "3"},
            "finalizers": ["example.org/one", "example.org/two"],
            "managedFields": list(entries),
        },
        "spec": {"replicas": 2, "template": {"metadata": {"labels": {}}, "spec": {"containers": [container]}}},
    }


def entry(fields: dict[str, Any], manager: str = HELM_MANAGER, operation: str = "Apply", **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": fields, **more}


CONTAINER: dict[str, Any] = {
    ".": {},
    "f:name": {},
    "f:image": {},
    "f:args": {},
    "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}},
    "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:name": {}}},
}
FIELDS = {
    "f:metadata": {
        "f:labels": {"f:app.kubernetes.io/name": {}},
        "f:annotations": {".": {}},
        "f:finalizers": {'v:"example.org/two"': {}},
    },
    "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': CONTAINER}}}},
}


def test_what_a_manager_applied_is_neither_defaults_nor_what_others_set() -> None:
    scaled = entry({"f:spec": {"f:replicas": {}}}, "kubectl", "Apply")

    assert applied_by(deployment(scaled, entry(FIELDS)), HELM_MANAGER) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": {"app.kubernetes.io/name": "web"},
            "annotations": {},
            "finalizers": ["example.org/two"],
        },
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "web",
                            "image": "web:1",
                            "args": ["--verbose", "--port=80"],
                            "env": [{"name": "A", "value": "1"}],
                            "ports": [{"containerPort": 80, "name": "http"}],
                        }
                    ]
                }
            }
        },
    }


def test_what_a_manager_owns_and_another_has_removed_is_left_out() -> None:
    item = deployment(entry(FIELDS))
    item["spec"]["template"]["spec"]["containers"] = [{"name": "other", "image": "other:1"}]

    applied = applied_by(item, HELM_MANAGER)

    assert applied is not None
    assert applied["spec"] == {"template": {"spec": {"containers": []}}}


def test_a_manager_that_applied_nothing_has_no_part_in_it() -> None:
    others = [
        entry(FIELDS, "kubectl"),
        entry(FIELDS, operation="Update"),
        entry(FIELDS, subresource="status"),
        {**entry(FIELDS), "apiVersion": "apps/v1beta1"},
    ]
    assert applied_by(deployment(), HELM_MANAGER) is None
    assert all(applied_by(deployment(other), HELM_MANAGER) is None for other in others)


def test_a_mark_lasts_until_somebody_changes_what_was_applied() -> None:
    applied = entry(FIELDS, time="2026-01-01T00:00:00Z")
    before = mark(deployment(applied))

    status = entry({"f:status": {}}, "kube-controller-manager", "Update", subresource="status")
    assert mark(deployment(status, applied, entry({"f:spec": {"f:replicas": {}}}, "kubectl", "Update"))) == before
    assert mark(deployment({**applied, "fieldsV1": {"f:metadata": FIELDS["f:metadata"]}})) != before
    assert mark(deployment({**applied, "time": "2026-01-01T00:00:01Z"})) != before
    assert mark(deployment(status)) == "", "neither Helm nor devenv has applied anything of it"


def test_a_mark_is_helm_s_where_both_have_applied_something() -> None:
    mine = entry({}, FIELD_MANAGER)
    assert mark(deployment(mine, entry(FIELDS))) == mark(deployment(entry(FIELDS))) != mark(deployment(mine))
