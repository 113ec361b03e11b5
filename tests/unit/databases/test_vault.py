"""What a secret is taken for: one text, or an object of texts."""

from __future__ import annotations

import json

import pytest

from devenv.errors import UsageError
from devenv.localstack import Secret, fields_of, with_field


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('{"user": "alt", "port": 5432, "tls": true}', {"user": "alt", "port": "5432", "tls": "true"}),
        ("plain", {}),
        ("[1, 2]", {}),
        ("", {}),
        ('"quoted"', {}),
    ],
)
def test_the_values_of_a_secret(text: str, fields: dict[str, str]) -> None:
    assert fields_of(text) == fields
    assert Secret("s", text).keys == tuple(fields)


def test_one_value_changes_and_the_others_stay_what_they_are() -> None:
    kept = Secret("s", '{"user": "alt", "port": 5432}')
    assert json.loads(with_field(kept, "s", "user", "bob")) == {"user": "bob", "port": 5432}
    assert json.loads(with_field(None, "s", "user", "bob")) == {"user": "bob"}


@pytest.mark.parametrize("text", ["plain", "[1]", "7"])
def test_a_text_has_no_keys(text: str) -> None:
    with pytest.raises(UsageError, match="one text") as refused:
        with_field(Secret("s", text), "s", "user", "bob")
    assert refused.value.hint.endswith("devenv secrets set s")
