"""Which versions of stacks go together: what a file of rules says of those that a project has."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.services import write_project

from devenv.errors import SpecError
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace

REPOSITORY = Path(__file__).parents[3]
PROJECT = """project: shop
services: {api: {build: api, env: {DATABASE_URL: {database: shop}}}}
databases: {shop: {engine: postgres, version: "15"}}
stacks: [{name: redis}]
compatibility: [platform/rules.yaml]
"""


def load(root: Path, rules: str) -> Workspace:
    (root / "platform").mkdir()
    (root / "platform" / "rules.yaml").write_text(rules)
    return load_workspace(write_project(root, PROJECT), data_root=REPOSITORY)


def refused(root: Path, rules: str) -> list[str]:
    """What is told of rules, `line: message (hint)`."""
    with pytest.raises(SpecError) as raised:
        load(root, rules)
    assert {Path(problem.file).name for problem in raised.value.problems} == {"rules.yaml"}
    return [f"{problem.line}: {problem.message} ({problem.hint})" for problem in raised.value.problems]


@pytest.mark.parametrize(
    "rule",
    [
        '{stack: shop, goes_with: {redis: ">=7,<8"}}',
        '{stack: shop, versions: ">=16", goes_with: {redis: ">=8"}}',
        '{stack: shop, goes_with: {mysql: ">=99"}}',
        '{stack: mysql, goes_with: {shop: ">=99"}}',
        '{stack: traefik, versions: "==3.6.*", goes_with: {kubernetes: ">=1.30"}}',
    ],
)
def test_what_goes_together_is_not_spoken_of(tmp_path: Path, rule: str) -> None:
    assert tmp_path / "platform" / "rules.yaml" in load(tmp_path, f"rules: [{rule}]\n").inputs


def test_what_does_not_is_told_with_the_reason(tmp_path: Path) -> None:
    rules = """rules:
  - stack: shop
    versions: "<16"
    goes_with:
      redis: ">=8"
      kubernetes: "<1.30"
    because: it uses hashes that expire
"""
    first, second = refused(tmp_path, rules)
    assert first == (
        "5: shop 15 goes with redis >=8, and redis is 7 (it uses hashes that expire) "
        "(choose another version of redis or of shop)"
    )
    assert second.startswith("6: shop 15 goes with kubernetes <1.30, and kubernetes is v1.")


def test_every_mistake_of_the_file_is_told_at_its_line(tmp_path: Path) -> None:
    rules = """rules:
  - {stack: shopp, goes_with: {redis: ">=7"}}
  - {stack: shop, goes_with: {redsi: ">=7"}}
  - {stack: shop, goes_with: {redis: seven}}
  - {stack: shop, goes_with: {}}
  - {stack: shop, with: {redis: ">=7"}}
"""
    told = refused(tmp_path, rules)
    assert [line.partition(":")[0] for line in told] == ["2", "3", "4", "5", "6", "6"]
    assert told[0] == "2: there is no stack shopp (did you mean shop?)"
    assert "no stack redsi" in told[1]
    assert "no range of versions" in told[2]


def test_a_version_that_cannot_be_compared_is_told(tmp_path: Path) -> None:
    stack = tmp_path / "stacks" / "06-application" / "web"
    (stack / "objects").mkdir(parents=True)
    (stack / "objects" / "settings.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}\n")
    (stack / "stack.yaml").write_text(
        "{name: web, layer: 06-application, summary: A web, namespace: web, version: latest,"
        " sources: [{manifests: {path: objects}}]}\n"
    )
    (tmp_path / "rules.yaml").write_text('rules: [{stack: web, versions: ">=1", goes_with: {redis: ">=7"}}]\n')
    text = "project: shop\nstacks: [{name: web}, {name: redis}]\nstack_paths: [stacks]\ncompatibility: [rules.yaml]\n"
    with pytest.raises(SpecError) as raised:
        load_workspace(write_project(tmp_path, text), data_root=REPOSITORY)
    (problem,) = raised.value.problems
    assert problem.message == "web and redis cannot be compared: latest is no version"


def test_a_file_that_is_not_there_is_told_in_devenv_yaml(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as raised:
        load_workspace(write_project(tmp_path, PROJECT), data_root=REPOSITORY)
    (problem,) = raised.value.problems
    assert (Path(problem.file).name, problem.line) == ("devenv.yaml", 5)
