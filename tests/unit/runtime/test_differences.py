"""What differs between an object that is there and what it would become."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.events import MASK
from devenv.runtime.observe.differences import ABSENT, compare

Json = dict[str, Any]


def deployment(**spec: Any) -> Json:
    return {"kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (deployment(replicas=1), deployment(replicas=2), [("spec.replicas", "1", "2")]),
        (deployment(), deployment(paused=True), [("spec.paused", ABSENT, "true")]),
        (deployment(list=[{"a": 1}, {"a": 2}]), deployment(list=[{"a": 1}, {"a": 3}]), [("spec.list[1].a", "2", "3")]),
        (deployment(list=[1]), deployment(list=[1, 2]), [("spec.list", "[1]", "[1, 2]")]),
        (
            deployment(env=[{"name": "a", "value": "1"}, {"name": "b"}]),
            deployment(env=[{"name": "a", "value": "2"}, {"name": "c"}, {"name": "b"}]),
            [("spec.env[name=a].value", '"1"', '"2"'), ("spec.env[name=c]", ABSENT, '{"name": "c"}')],
        ),
        (deployment(**{"a.b/c": "x"}), deployment(**{"a.b/c": "y"}), [('spec["a.b/c"]', '"x"', '"y"')]),
    ],
)
def test_a_field_is_told_by_its_place(one: Json, other: Json, expected: list[tuple[str, str, str]]) -> None:
    assert list(compare(one, other)) == expected


def test_what_the_server_and_helm_note_is_no_difference() -> None:
    notes = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "apps"}
    labels = {"app.kubernetes.io/managed-by": "Helm", "devenv.io/stack": "web"}
    metadata = {"name": "web", "uid": "1", "generation": 3, "annotations": notes, "labels": labels}
    live = {**deployment(), "metadata": metadata, "status": {"replicas": 1}}
    assert list(compare(live, deployment())) == []


def test_values_of_secrets_are_hidden() -> None:
    live = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"password": "aHVudGVyMg=="}}
    after = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"password": "bmV3", "token": "dG9rZW4="}}
    assert list(compare(live, after)) == [("data.password", MASK, MASK), ("data.token", ABSENT, MASK)]
