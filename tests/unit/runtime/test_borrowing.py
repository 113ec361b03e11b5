"""A workload that is changed for a while, as values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devenv.adapters.kubernetes.objects import Borrower, borrower
from devenv.labels import ANNOTATION_BORROWED, LABEL_BORROWED
from devenv.runtime.borrowing.record import BorrowRecord, as_applied

TEMPLATE = {"spec": {"containers": [{"name": "api", "image": "api:1"}]}}
OTHER = {"spec": {"containers": [{"name": "api", "image": "other:1"}]}}


def workload(manager: str) -> dict[str, Any]:
    metadata = {"name": "api", "namespace": "apps", "labels": {"a": "b"}}
    fields = {"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:replicas": {}, "f:template": {}}}
    entry = {"manager": manager, "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": fields, "time": "t"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**metadata, "managedFields": [entry]},
        "spec": {"replicas": 3, "template": TEMPLATE},
    }


@pytest.mark.parametrize("manager", ["helm", "devenv"])
def test_a_workload_says_who_has_it_and_how_it_was(manager: str) -> None:
    record = BorrowRecord.before(workload(manager))
    assert record is not None
    made = record.changed("shop", Borrower("boot//1.2", "intercept"), lambda _: OTHER, {"cache.apps:80": 4000})

    assert (made["spec"]["replicas"], made["metadata"]["labels"]) == (1, {"a": "b", LABEL_BORROWED: "shop"})
    assert made["spec"]["template"] == OTHER
    assert borrower(made) == Borrower("boot//1.2", "intercept")
    again = BorrowRecord.of(made)
    assert again is not None
    assert (again.process, again.manager, again.mark) == ("boot//1.2", manager, record.mark)
    assert again.addresses == {"cache.apps:80": 4000}
    assert again.former["spec"] == workload(manager)["spec"]
    assert again.former["metadata"] == {"name": "api", "namespace": "apps", "labels": {"a": "b"}}
    assert json.loads(made["metadata"]["annotations"][ANNOTATION_BORROWED])["process"] == "boot//1.2"


def test_whoever_takes_it_over_gives_back_what_was_there_before_both() -> None:
    record = BorrowRecord.before(workload("helm"))
    assert record is not None
    left = record.changed("shop", Borrower("boot//1.2", "intercept"), lambda _: OTHER, {"cache.apps:80": 4000})
    again = BorrowRecord.before(left)
    assert again is not None
    made = again.changed("shop", Borrower("boot//3.4", "debug"), lambda _: OTHER)

    assert borrower(made) == Borrower("boot//3.4", "debug")
    last = BorrowRecord.of(made)
    assert last is not None
    assert (last.former, last.mark, last.addresses) == (record.former, record.mark, {})


def test_a_pod_like_its_own_is_one_as_it_was_applied() -> None:
    record = BorrowRecord.before(workload("helm"))
    assert record is not None
    made = record.changed("shop", Borrower("boot//1.2", "intercept"), lambda _: OTHER)

    assert as_applied(made)["spec"] == {**made["spec"], "template": TEMPLATE}
    assert as_applied(workload("helm")) == workload("helm")


def test_what_nobody_has_applied_nobody_can_give_back() -> None:
    assert BorrowRecord.before(workload("kubectl-edit")) is None
    assert borrower(workload("kubectl-edit")) is None
