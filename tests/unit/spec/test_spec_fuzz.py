"""Whatever is in the files, loading gives a workspace or problems, never anything else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from devenv.errors import SpecError
from devenv.spec.load import load_workspace
from devenv.spec.project import ProjectSpec
from devenv.spec.seeds import Seeds
from devenv.spec.stack import StackSpec

DATA = Path(__file__).parent / "specs" / "data"
PROJECT = b"project: shop\nstacks: [{name: web}]\nstack_paths: [stacks]\nseeds: [seeds.yaml]\n"
STACK = (DATA / "stacks" / "02-infrastructure" / "store" / "stack.yaml").read_bytes()
SEEDS = (DATA / "localstack-init" / "seeds.yaml").read_bytes()
TARGETS = ("devenv.yaml", "stacks/04-apps/web/stack.yaml", "stacks/04-apps/web/values/dev.yaml", "seeds.yaml")

many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def keys_of(*models: Any) -> list[str]:
    found = json.dumps([model.model_json_schema() for model in models])
    names = {name for document in json.loads(found) for name in document["properties"]}
    for document in json.loads(found):
        for definition in document.get("$defs", {}).values():
            names |= set(definition.get("properties", {}))
    return sorted(names)


KEYS = st.sampled_from([*keys_of(ProjectSpec, StackSpec, Seeds), "<<", "generate", "x"]) | st.text(max_size=5)
WORDS = st.sampled_from(
    [
        "web",
        "store",
        "namespaces",
        "04-apps",
        "dev",
        "auto",
        "chart",
        "..",
        "/",
        "",
        "5m",
        "a\0b",
        "{profile}",
        "a/b",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("fuzz")
    yield root
    shutil.rmtree(root)


def load(root: Path, target: str, content: bytes) -> None:
    web = root / "stacks" / "04-apps" / "web"
    (web / "values").mkdir(parents=True, exist_ok=True)
    (root / "devenv.yaml").write_bytes(PROJECT)
    (web / "stack.yaml").write_bytes(STACK)
    (web / "values" / "dev.yaml").write_bytes(b"a: 1\n")
    (root / "seeds.yaml").write_bytes(SEEDS)
    (root / target).write_bytes(content)
    try:
        load_workspace(root, data_root=DATA, versions_file=DATA / "versions.yaml")
    except SpecError as error:
        check(error)


def check(error: SpecError) -> None:
    assert error.problems
    for problem in error.problems:
        assert problem.line >= 1
        assert problem.message
        str(problem).encode()
    json.dumps(error.as_dict()).encode()


@pytest.mark.parametrize("target", TARGETS)
@many
@given(content=st.binary(max_size=200))
@example(content=b"\xef\xbb\xbf")
@example(content=b"%YAML 9.9\n---\na: 1")
@example(content=b"? ? ?")
@example(content=b"a: !<x> 1")
@example(content=b"&a *a")
@example(content=b"[" * 5000)
@example(content=b"a: " * 5000)
@example(content=b"? " * 5000)
@example(content=b'"\\ud800": 1')
@example(content=b"a: 1__2\nb: 0x_\nc: 1_\nd: 0b\n")
def test_any_bytes(project: Path, target: str, content: bytes) -> None:
    load(project, target, content)


@pytest.mark.parametrize("target", TARGETS)
@many
@given(text=st.text(alphabet="ab: -[]{}&*!|>'\"%@`,?#\n\t~<\\0x19.", max_size=60))
def test_text_made_of_what_yaml_gives_a_meaning(project: Path, target: str, text: str) -> None:
    load(project, target, text.encode())


@pytest.mark.parametrize("target", TARGETS)
@many
@given(value=st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_values_under_known_and_unknown_keys(project: Path, target: str, value: dict[str, Any]) -> None:
    load(project, target, json.dumps(value).encode())


@pytest.mark.parametrize("target", [t for t in TARGETS if "values" not in t])
@many
@given(data=st.data())
def test_a_correct_file_with_one_value_changed(project: Path, target: str, data: st.DataObject) -> None:
    content = {"devenv.yaml": PROJECT, TARGETS[1]: STACK, "seeds.yaml": SEEDS}[target]
    lines = content.decode().split("\n")
    index = data.draw(st.integers(0, len(lines) - 1))
    line = lines[index]
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(line)), st.integers(0, len(line)))))
    lines[index] = line[:start] + json.dumps(data.draw(VALUES)) + line[end:]
    load(project, target, "\n".join(lines).encode())
