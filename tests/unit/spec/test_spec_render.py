"""How values go over each other, and what takes the place of placeholders and images."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.spec.render import (
    ProjectFacts,
    chart_values,
    endpoint_url,
    fill,
    in_company,
    merged,
    split_reference,
    with_hooks_filled,
)
from devenv.spec.stack import Endpoint, StackSpec

FACTS = ProjectFacts("shop", "dev", 8080, 8443, "shop")
KEYS = st.sampled_from("abcd")
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
VALUES = st.dictionaries(KEYS, TREES, max_size=4)


def stack(**more: Any) -> StackSpec:
    return StackSpec.model_validate(
        {
            "name": "web",
            "layer": "04-apps",
            "summary": "A stack",
            "namespace": "apps",
            "version": "1",
            "sources": [{"chart": {"path": "chart"}}],
            **more,
        }
    )


def leaves(tree: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not isinstance(tree, dict) or not tree:
        return {path: tree}
    found: dict[tuple[str, ...], Any] = {}
    for key, value in tree.items():
        found |= leaves(value, (*path, key))
    return found


def at(tree: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


@given(under=VALUES, over=VALUES)
def test_everything_of_the_upper_values_is_in_the_result(under: dict[str, Any], over: dict[str, Any]) -> None:
    result = merged(under, over)

    for path, value in leaves(over).items():
        if path and value != {}:
            assert at(result, path) == value


@given(under=VALUES, over=VALUES)
def test_the_rest_of_the_lower_values_is_kept(under: dict[str, Any], over: dict[str, Any]) -> None:
    result = merged(under, over)

    assert set(result) == set(under) | set(over)
    for key in set(under) - set(over):
        assert result[key] == under[key]


@given(under=VALUES, over=VALUES)
def test_merging_changes_neither_side(under: dict[str, Any], over: dict[str, Any]) -> None:
    before = copy.deepcopy((under, over))

    merged(under, over)

    assert (under, over) == before


@given(values=VALUES)
def test_nothing_and_itself_are_neutral(values: dict[str, Any]) -> None:
    assert merged(values, {}) == merged({}, values) == merged(values, values) == values


@given(first=VALUES, second=VALUES)
def test_merging_again_changes_nothing(first: dict[str, Any], second: dict[str, Any]) -> None:
    once = merged(first, second)

    assert merged(once, second) == once


@given(value=TREES)
def test_values_without_placeholders_stay(value: Any) -> None:
    assert fill(value, FACTS.placeholders) == value


@given(
    name=st.from_regex(r"[a-z0-9./-]{1,20}", fullmatch=True),
    tag=st.from_regex(r"[\w.-]{1,10}", fullmatch=True),
)
def test_repository_and_tag_make_the_reference_again(name: str, tag: str) -> None:
    repository, found = split_reference(f"localhost:5000/{name}:{tag}")

    assert (repository, found) == (f"localhost:5000/{name}", tag)


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("postgres:15", ("postgres", "15")),
        ("localhost:5000/postgres", ("localhost:5000/postgres", "latest")),
        ("docker.io/library/postgres:15@sha256:abc", ("docker.io/library/postgres", "15@sha256:abc")),
        ("postgres@sha256:abc", ("postgres@sha256", "abc")),
    ],
)
def test_references(reference: str, parts: tuple[str, str]) -> None:
    assert split_reference(reference) == parts


def test_a_null_takes_away_and_stays_for_helm() -> None:
    assert merged({"a": {"b": 1}, "c": 2}, {"a": None}) == {"a": None, "c": 2}


def test_lists_replace() -> None:
    assert merged({"a": [1, 2, {"b": 1}]}, {"a": [{"c": 2}]}) == {"a": [{"c": 2}]}


def test_values_of_a_chart() -> None:
    spec = stack(
        values={"host": "web.{domain}", "port": "{https_port}", "other": "{unknown} {{x}}", "replicas": 1},
        images={
            "web": {
                "repository": "image.repository",
                "tag": "image.tag",
                "also": [{"reference": "job.image"}],
            },
            "gone": {"reference": "gone"},
        },
    )

    values = chart_values(
        spec,
        FACTS,
        profile_values={"replicas": 2, "extra": "{domain}"},
        chosen_values={"replicas": 3, "global": {"mine": 1}, "image": {"tag": "x", "pullPolicy": "Never"}},
        images={"web": "localhost/devenv/web:1-abc", "unused": "x:y"},
    )

    assert values == {
        "host": "web.shop.localhost",
        "port": "8443",
        "other": "{unknown} {{x}}",
        "replicas": 3,
        "extra": "shop.localhost",
        "global": {
            "mine": 1,
            "devenv": {
                "project": "shop",
                "domain": "shop.localhost",
                "profile": "dev",
                "httpPort": 8080,
                "httpsPort": 8443,
                "hostCa": "",
                "stack": "web",
                "layer": "04-apps",
            },
        },
        "image": {"repository": "localhost/devenv/web", "tag": "1-abc", "pullPolicy": "Never"},
        "job": {"image": "localhost/devenv/web:1-abc"},
    }
    assert spec.values["host"] == "web.{domain}"


@pytest.mark.parametrize(
    ("endpoint", "facts", "url"),
    [
        ({"host": "web"}, FACTS, "http://web.shop.localhost:8080/"),
        ({"host": "web", "scheme": "https"}, FACTS, "https://web.shop.localhost:8443/"),
        ({"host": "web", "path": "/ui/{profile}"}, FACTS, "http://web.shop.localhost:8080/ui/dev"),
        ({"host": "web", "path": "ui"}, ProjectFacts("a", "dev", 80, 443, "a"), "http://web.a.localhost/ui"),
    ],
)
def test_links(endpoint: dict[str, str], facts: ProjectFacts, url: str) -> None:
    assert endpoint_url(Endpoint.model_validate({"name": "web", **endpoint}), facts) == url


def test_durations() -> None:
    assert stack(deadline="1h30m").deadline == timedelta(hours=1, minutes=30)
    assert stack().deadline == timedelta(minutes=5)


def test_a_stack_knows_its_own_namespace_in_values_keys_and_hooks() -> None:
    given = stack(
        values={"key": "{namespace}/web", "namespaces": {"{namespace_prefix}-database": {}}},
        hooks={"before": [{"name": "pods", "kubectl": ["get", "pods", "--namespace", "{namespace}", "-o={.items}"]}]},
    ).in_project("shop")
    values = chart_values(given, FACTS, profile_values={}, chosen_values={}, images={})
    assert (values["key"], values["namespaces"]) == ("apps/web", {"shop-database": {}})
    (hook,) = with_hooks_filled(given, FACTS).hooks.before
    assert hook.kubectl == ("get", "pods", "--namespace", "apps", "-o={.items}")


def test_another_stack_adds_its_images_and_values_where_the_project_has_it() -> None:
    given = stack(
        images={"web": {"reference": "image"}},
        values={"metrics": {"enabled": False, "port": 9000}},
        alongside={
            "monitoring": {
                "images": {"exporter": {"reference": "exporter.image"}},
                "values": {"metrics": {"enabled": True}},
            },
            "logs": {"values": {"format": "json"}},
        },
    )

    alone, both = in_company(given, {"web"}, {}), in_company(given, {"web", "monitoring"}, {})
    assert alone == given.model_copy(update={"alongside": {}})
    assert set(both.images) == {"web", "exporter"}
    assert both.values == {"metrics": {"enabled": True, "port": 9000}}
    assert not both.alongside


def test_a_value_of_the_project_chooses_a_variant_of_a_stack_and_the_first_is_taken_where_it_says_nothing() -> None:
    given = stack(
        images={"web": {"reference": "image"}},
        values={"port": 80},
        variants={
            "engine": {
                "small": {"images": {"small": {"reference": "server.image"}}},
                "large": {"images": {"large": {"reference": "server.image"}}, "values": {"port": 90}},
            }
        },
    )

    unsaid, large = in_company(given, (), {}), in_company(given, (), {"engine": "large"})
    assert unsaid == in_company(given, (), {"engine": "small"})
    assert (set(unsaid.images), unsaid.values) == ({"web", "small"}, {"engine": "small", "port": 80})
    assert (set(large.images), large.values) == ({"web", "large"}, {"engine": "large", "port": 90})
    assert not large.variants


def test_a_variant_brings_what_it_needs_and_is_ready_by_its_own_checks() -> None:
    check = {"condition": {"kind": "secret", "name": "login", "condition": "Ready"}}
    given = stack(
        needs=["spaces"],
        ready=[check],
        variants={"engine": {"small": {}, "large": {"needs": ["store"], "wants": ["web"], "ready": [check]}}},
    )

    small, large = in_company(given, (), {}), in_company(given, (), {"engine": "large"})
    assert (small.needs, small.wants, len(small.ready)) == (("spaces",), (), 1)
    assert (large.needs, large.wants, len(large.ready)) == (("spaces", "store"), ("web",), 2)
    assert given.named("needs") == ((("needs", 0), "spaces"), (("variants", "engine", "large", "needs", 0), "store"))


def test_values_of_files_and_set_go_over_the_stacks_own_and_what_names_an_image_over_the_projects() -> None:
    said = stack(
        values={"text": "{namespace}", "level": 1},
        images={"store": {}},
        set={"level": 3, "image.tag": "{{.IMAGE_TAG_store}}", "hosts[0]": "a"},
    )
    values = chart_values(
        said,
        FACTS,
        profile_values={},
        chosen_values={"level": 4, "image": {"tag": "mine"}},
        images={"store": "localhost/devenv/store:abc"},
        file_values={"level": 2, "legend": "{namespace}"},
    )
    assert values["text"] == "apps"
    assert values["legend"] == "{namespace}", "what is in files is nobody's placeholder"
    assert values["level"] == 4
    assert values["image"] == {"tag": "abc"}
    assert values["hosts"] == ["a"]
