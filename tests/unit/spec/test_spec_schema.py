"""The JSON Schemas that editors use: current, valid, and of one mind with what is committed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest
import yaml

from devenv.spec.schema import SCHEMAS, schema, schema_file, schema_text, write_schemas

REPOSITORY = Path(__file__).parents[3]
DATA = Path(__file__).parent / "specs" / "data"
FILES = [
    *(("devenv", path) for path in sorted(REPOSITORY.glob("examples/*/devenv.yaml"))),
    *(("stack", path) for path in sorted(REPOSITORY.glob("stacks/*/*/stack.yaml"))),
    *(("stack", path) for path in sorted(REPOSITORY.glob("examples/*/stacks/*/*/stack.yaml"))),
    *(("stack", path) for path in sorted(DATA.glob("stacks/*/*/stack.yaml"))),
    *(("seeds", path) for path in sorted(REPOSITORY.glob("examples/*/seeds.yaml"))),
    ("seeds", REPOSITORY / "localstack-init" / "seeds.yaml"),
]


def errors_of(name: str, document: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(schema(name)).iter_errors(document)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_current(name: str) -> None:
    committed = schema_file(REPOSITORY / "docs" / "schema", name).read_text(encoding="utf-8")

    assert committed == schema_text(name), "run: devenv schema"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize(("name", "file"), FILES, ids=lambda value: str(value).removeprefix(f"{REPOSITORY}/"))
def test_what_is_committed_fits(name: str, file: Path) -> None:
    assert errors_of(name, yaml.safe_load(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("devenv", {"colour": "red"}),
        ("devenv", {"project": "My_Shop"}),
        ("devenv", {"profile": "Test"}),
        ("devenv", {"cluster": {"ports": {"http": 0}}}),
        ("devenv", {"stacks": [{}]}),
        ("devenv", {"services": {"api": {"port": 0, "image": "api"}}}),
        ("devenv", {"services": {"api": {"image": "api", "env": {"A": {"databse": "shop"}}}}}),
        ("devenv", {"databases": {"shop": {"engine": "sqlite"}}}),
        ("seeds", {"secrets": [{"name": "a", "value": {"b": {"generate": {"length": 2}}}}]}),
        ("seeds", {"queues": [{"nam": "a"}]}),
    ],
)
def test_what_is_wrong_does_not(name: str, change: dict[str, Any]) -> None:
    correct = {"project": "shop", "stacks": [{"name": "store"}]} if name == "devenv" else {}

    assert errors_of(name, correct) == []
    assert errors_of(name, {**correct, **change})


def test_keys_are_described() -> None:
    properties = schema("devenv")["properties"]

    assert properties["seeds"]["description"] == "Files with AWS seeds, merged over the built-in ones."


def test_they_are_written_to_a_folder(tmp_path: Path) -> None:
    files = write_schemas(tmp_path / "a" / "b")

    assert [file.name.partition(".")[0] for file in files] == ["devenv", "stack", "seeds", "compatibility"]
    assert json.loads(files[0].read_text(encoding="utf-8"))["title"] == "devenv.yaml: the environment of one product"
