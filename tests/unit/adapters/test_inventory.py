"""What is recorded of a stack, and what it is compared with."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.inventory import Recorded
from devenv.adapters.kubernetes.objects import manifest, object_key
from devenv.errors import SpecError

TEXT = st.text(st.characters(codec="utf-8"))
MARKS = st.dictionaries(TEXT, TEXT, max_size=4)
INVENTORIES = st.dictionaries(TEXT, MARKS, max_size=4)
RECORDS = st.builds(
    Recorded,
    TEXT,
    INVENTORIES,
    st.lists(TEXT, max_size=3).map(tuple),
    pinned=st.dictionaries(TEXT, INVENTORIES, max_size=2),
)
DEFINITIONS = "apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@given(RECORDS)
def test_a_record_comes_back_as_it_was_written(recorded: Recorded) -> None:
    assert Recorded.from_json(recorded.to_json()) == recorded


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "{}", '{"content": "a", "objects": 7, "releases": []}'])
def test_a_record_that_nobody_can_read_is_one_of_other_content(text: str) -> None:
    assert Recorded.from_json(text) == Recorded("")


def test_a_record_of_former_times_tells_the_content_alone() -> None:
    assert Recorded.from_json('{"content": "abc", "workloads": ["Deployment/shop/web"]}') == Recorded("abc")


@given(RECORDS)
def test_what_is_as_it_was_recorded_lacks_nothing(recorded: Recorded) -> None:
    objects = recorded.objects or {}
    assert recorded.missing(objects) == recorded.changed(objects) == []
    everything = [name for marks in objects.values() for name in marks]
    assert len(recorded.missing({path: {} for path in objects})) == len(everything)


def test_manifests_of_a_pinned_module_are_untouched_while_all_of_their_objects_are_as_they_were_applied() -> None:
    recorded = Recorded("a", {}, pinned={"module 1": {DEFINITIONS: {"monitors": "m1", "rules": "m2"}}})
    present = {DEFINITIONS: {"monitors": "m1", "rules": "m2", "others": "m3"}}
    assert recorded.untouched(present) == {"module 1"}
    assert recorded.untouched({DEFINITIONS: {"monitors": "m1"}}) == frozenset(), "one is gone"
    assert recorded.untouched({DEFINITIONS: {"monitors": "m1", "rules": "by hand"}}) == frozenset()
    assert recorded.untouched({}) == frozenset(), "nobody has looked"


def test_what_was_changed_and_is_as_it_was_again_counts_as_unchanged_unless_others_had_changed_it() -> None:
    marks = {DEFINITIONS: {"monitors": "m1", "rules": "m2"}}
    recorded = Recorded("a", marks, pinned={"module 1": marks}).remarked(DEFINITIONS, "monitors", "m1", "m3")
    now = {DEFINITIONS: {"monitors": "m3", "rules": "m2"}}
    assert recorded.changed(now) == []
    assert recorded.untouched(now) == {"module 1"}
    assert recorded.remarked(DEFINITIONS, "rules", "by hand", "m4") == recorded
    assert recorded.remarked("api/v1/pods", "shop/web", "m1", "m2") == recorded


def test_a_record_goes_on_to_name_what_was_left_as_it_was() -> None:
    former = Recorded(
        "a",
        {DEFINITIONS: {"monitors": "m1", "gone with the former version": "m2"}, "api/v1/services": {"shop/web": "m3"}},
        pinned={"module 1": {DEFINITIONS: {"monitors": "m1"}}, "module 2": {DEFINITIONS: {"former": "m2"}}},
    )
    record = Recorded("b", {DEFINITIONS: {"of the chart": "m4"}}, ("shop/web",)).keeping(former, ["module 1"])
    kept = {"module 1": {DEFINITIONS: {"monitors": "m1"}}}
    objects = {DEFINITIONS: {"monitors": "m1", "of the chart": "m4"}}
    assert record == Recorded("b", objects, ("shop/web",), pinned=kept)
    assert record.changed({DEFINITIONS: {"monitors": "by hand", "of the chart": "m4"}}) == [
        "customresourcedefinitions/monitors"
    ]


def test_objects_are_told_apart_by_namespace_where_they_have_one() -> None:
    assert object_key({"name": "web", "namespace": "shop"}) == "shop/web"
    assert object_key({"name": "web", "namespace": None}) == "web"


def release_secret(release: dict[str, str]) -> dict[str, Any]:
    content = gzip.compress(json.dumps(release).encode())
    return {"data": {"release": base64.b64encode(base64.b64encode(content)).decode()}}


def test_a_release_s_manifests_are_read_out_of_its_secret() -> None:
    assert manifest(release_secret({"name": "web", "manifest": "kind: Größe\n"})) == "kind: Größe\n"


def test_a_release_of_hooks_alone_has_none() -> None:
    assert manifest(release_secret({"name": "job"})) == ""


def test_outlines_tell_what_there_is_whatever_is_in_it() -> None:
    text = """
# Source: shop/templates/all.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
data: {date: 2026-02-30, equals: =, octal: 0o17}
---
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "example.org/v1", "kind": "Toy", "metadata": {"name": "ball", "namespace": "elsewhere"}}]}
---
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: run-}
---
just: values
"""
    assert [(o["kind"], o["metadata"]) for o in manifests.outlines(text, "shop")] == [
        ("ConfigMap", {"name": "one", "namespace": "shop"}),
        ("Toy", {"name": "ball", "namespace": "elsewhere"}),
    ]
    with pytest.raises(SpecError):
        manifests.outlines("a: [", "shop")
