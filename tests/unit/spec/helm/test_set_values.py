"""`--set` as Helm reads it; `tests/integration/test_set_like_helm.py` compares with Helm itself."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.spec.helm.set_values import SetError, with_set


@pytest.mark.parametrize(
    ("values", "key", "text", "expected"),
    [
        ({}, "image.tag", "1.2", {"image": {"tag": "1.2"}}),
        ({"image": {"repository": "a"}}, "image.tag", "7", {"image": {"repository": "a", "tag": 7}}),
        ({}, "a", "007", {"a": "007"}),
        ({}, "a", "TRUE", {"a": True}),
        ({"a": {"b": 1}}, "a", "null", {"a": None}),
        ({}, "hosts", "{a,b,3}", {"hosts": ["a", "b", 3]}),
        ({}, "hosts", "{}", {"hosts": [""]}),
        ({}, r"annotations.example\.com/x", r"a\,b", {"annotations": {"example.com/x": "a,b"}}),
        ({}, "a", "1,b.c=2", {"a": 1, "b": {"c": 2}}),
        ({"c": [{"image": "x", "name": "n"}]}, "c[0].image", "y", {"c": [{"image": "y", "name": "n"}]}),
        ({}, "c[1]", "y", {"c": [None, "y"]}),
        ({}, "c[0][1].d", "y", {"c": [[None, {"d": "y"}]]}),
        ({}, "a", "", {"a": ""}),
    ],
)
def test_a_key_is_set_as_helm_sets_it(values: dict[str, Any], key: str, text: str, expected: dict[str, Any]) -> None:
    assert with_set(values, key, text) == expected


def test_the_values_that_are_given_stay_as_they_are() -> None:
    values = {"a": {"b": [1]}}
    with_set(values, "a.b[0]", "2")
    assert values == {"a": {"b": [1]}}


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("a[b]", "1", r"a\[b\] is no place in a list"),
        ("a[0]b", "1", "neither a key nor a value"),
        ("a", "{b", "a list ends with }"),
        ("a", "1,b", "b has no value"),
        ("x.y", "1", "x is no map"),
    ],
)
def test_what_helm_refuses_is_refused_in_words(key: str, text: str, words: str) -> None:
    with pytest.raises(SetError, match=words):
        with_set({"x": "text"}, key, text)
