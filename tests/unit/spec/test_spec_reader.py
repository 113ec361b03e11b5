"""Scalars, positions and limits of the YAML reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devenv.spec.yaml.positions import Document
from devenv.spec.yaml.reader import parse_yaml

FILE = Path("x.yaml")


def parse(text: str) -> Document:
    read = parse_yaml(text.encode(), FILE)
    assert not read.problems
    assert read.document
    return read.document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("yes", True),
        ("Off", False),
        ("true", True),
        ("12", 12),
        ("-1_000", -1000),
        ("0644", 420),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", 3),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("12:30", "12:30"),
        ("2026-01-31", "2026-01-31"),
        ("1.2.3", "1.2.3"),
        ("0x", "0x"),
        ('"12"', "12"),
        ("'yes'", "yes"),
        ("!!str 12", "12"),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_scalars_mean_what_helm_takes_them_for(text: str, value: Any) -> None:
    found = parse(f"key: {text}").data()["key"]

    assert found == value
    assert type(found) is type(value)


def test_keys_are_always_text() -> None:
    assert parse("8080: a\nyes: b\n1.5: c").data() == {"8080": "a", "yes": "b", "1.5": "c"}


def test_a_byte_order_mark_and_foreign_line_ends_are_fine() -> None:
    read = parse_yaml("\ufeffa: 1\r\nb: 2\r\n".encode(), FILE)

    assert read.document
    assert read.document.data() == {"a": 1, "b": 2}


def test_lines_and_keys() -> None:
    document = parse("a: 1\nb:\n  - x\n  -\n    'c.d e':\n      - 2\n")

    assert document.line(("b",)) == 2
    assert document.line(("b", 0)) == 3
    assert document.line(("b", 1, "c.d e", 0)) == 6
    assert document.line(("b", 1, "missing")) == document.line(("b", 1))
    assert document.key(("b", 1, "c.d e", 0)) == 'b[1]["c.d e"][0]'


def test_what_is_left_keeps_its_labels() -> None:
    document = parse("a:\n  - 0\n  - 1\n  - {b: 2}\n").without({("a", 0)})

    assert document.data() == {"a": [1, {"b": 2}]}
    assert document.key(("a", 1, "b")) == "a[2].b"
    assert document.line(("a", 1, "b")) == 4


def test_an_aliased_value_has_the_line_where_it_is_used() -> None:
    document = parse("a: &x {b: 1}\nc: *x\n")

    assert document.line(("c",)) == 2
    assert document.line(("c", "b")) == 1


def test_an_empty_document_can_be_allowed() -> None:
    read = parse_yaml(b"# nothing\n", FILE, empty="")

    assert read.document
    assert read.document.data() == {}
