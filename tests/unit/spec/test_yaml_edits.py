"""Changes of a file that somebody wrote, which leave the rest as it is."""

from __future__ import annotations

import pytest

from devenv.spec.yaml.edits import with_entry, with_list_item, without_entry

TEXT = """\
project: shop # the shop

# all of them
services:
  # the api
  api: # builds
    build: api
    env: &env
      A: |
        # no comment

        y
      B: "z
        zz"

  # the worker
  worker: {build: api,
    env: *env}
  last:
    args: [a,
      b]
    text: >-
      aa
      # no comment

# the end
stacks: [{name: a}] # one
"""


@pytest.mark.parametrize(
    ("key", "first", "count"),
    [("api", "  api: # builds\n", 9), ("worker", "  worker: {build: api,\n", 2), ("last", "  last:\n", 7)],
)
def test_an_entry_goes_with_its_lines_and_no_others(key: str, first: str, count: int) -> None:
    found = without_entry(TEXT, "services", key)

    assert found is not None
    assert found.removed.startswith(first)
    assert len(found.removed.splitlines()) in (count, count - 1)
    assert TEXT.replace(found.removed, "") == found.text


def test_the_last_entry_takes_its_mapping_with_it() -> None:
    found = without_entry("a: 1\nservices:\n  # the only one\n  api: {build: api}\nb: 2\n", "services", "api")

    assert found is not None
    assert found.text == "a: 1\nb: 2\n"
    assert found.removed == "  api: {build: api}\n"


@pytest.mark.parametrize(
    "text", ["services: {api: {build: api}, web: {build: web}}\n", "{services: {api: 1}}", "a: 1", "services: 3", "[a]"]
)
def test_what_has_no_lines_of_its_own_stays(text: str) -> None:
    assert without_entry(text, "services", "api") is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1\n", "a: 1\nstacks:\n  - {name: x}\n"),
        ("a: 1", "a: 1\nstacks:\n  - {name: x}\n"),
        ("a: 1\r\n", "a: 1\r\nstacks:\r\n  - {name: x}\r\n"),
        ("stacks: [{name: a}] # one\nb: 1\n", "stacks: [{name: a}, {name: x}] # one\nb: 1\n"),
        ("stacks: []\n", "stacks: [{name: x}]\n"),
        ("stacks: [\n  {name: a}\n]\n", "stacks: [\n  {name: a}, {name: x}]\n"),
        (
            "stacks:\n- name: a\n  values: {b: 1}\n# c\nd: 1\n",
            "stacks:\n- name: a\n  values: {b: 1}\n- {name: x}\n# c\nd: 1\n",
        ),
        ("stacks:\n    - name: a", "stacks:\n    - name: a\n    - {name: x}\n"),
    ],
)
def test_an_item_comes_to_the_end_of_a_list(before: str, after: str) -> None:
    assert with_list_item(before, "stacks", "{name: x}") == after


def test_what_is_no_list_gets_none() -> None:
    assert with_list_item("stacks: 3\n", "stacks", "x") is None
    assert with_list_item("[a]\n", "stacks", "x") is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1", "a: 1\ndata:\n  x: 2\n"),
        ("data: {} # none\n", "data: {x: 2} # none\n"),
        ("data: {a: 1}\nb: 2\n", "data: {a: 1, x: 2}\nb: 2\n"),
        (
            "data:\n    a: # one\n      b: 1\n\n# end\nb: 2\n",
            "data:\n    a: # one\n      b: 1\n    x: 2\n\n# end\nb: 2\n",
        ),
        ("data:\r\n  a: 1\r\n", "data:\r\n  a: 1\r\n  x: 2\r\n"),
    ],
)
def test_an_entry_goes_to_the_end_of_its_mapping(before: str, after: str) -> None:
    assert with_entry(before, "data", "x", "2") == after


def test_an_entry_for_what_is_no_mapping_is_left_to_the_author() -> None:
    assert with_entry("data: [a]\n", "data", "x", "2") is None
    assert with_entry("{data: {a: 1}}\n", "data", "x", "2") is None
