"""Profiles of a project's own: what they stand on, what they change, and names that nobody has declared."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.services import write_project

from devenv.errors import SpecError, UsageError
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace

REPOSITORY = Path(__file__).parents[3]
STACK = """name: web
layer: 06-application
summary: A web
namespace: "{namespace_prefix}-apps"
version: "1"
sources: [{manifests: {path: objects}}]
"""
PROJECT = """project: shop
profiles: {qa: staging, laptop: dev}
stacks: [{name: web}]
stack_paths: [stacks]
services:
  api:
    build: api
    env: {LEVEL: debug, SIZE: small}
    profiles: {staging: {replicas: 3, env: {LEVEL: info}}, qa: {env: {SIZE: large}}}
"""


def load(root: Path, text: str, profile: str | None = None, **values: str) -> Workspace:
    folder = root / "stacks" / "06-application" / "web"
    (folder / "objects").mkdir(parents=True)
    (folder / "objects" / "settings.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}\n")
    (folder / "stack.yaml").write_text(STACK)
    (folder / "values").mkdir()
    for name, content in values.items():
        (folder / "values" / f"{name}.yaml").write_text(content)
    return load_workspace(write_project(root, text), data_root=REPOSITORY, profile=profile)


def test_it_has_the_values_of_what_it_stands_on_under_its_own(tmp_path: Path) -> None:
    web = load(tmp_path, PROJECT, staging="{replicas: 3, level: info}", qa="{level: debug}", dev="{replicas: 1}").stacks

    assert web["web"].profile_values["qa"] == {"replicas": 3, "level": "debug"}
    assert web["web"].profile_values["laptop"] == {"replicas": 1}
    assert web["postgres"].profile_values["qa"] == web["postgres"].profile_values["staging"]


def test_a_service_is_what_it_is_under_that_with_what_is_said_of_it(tmp_path: Path) -> None:
    values = load(tmp_path, PROJECT).stacks["api"].profile_values

    assert values["qa"]["replicas"] == values["staging"]["replicas"] == 3
    assert values["qa"]["env"] == [{"name": "LEVEL", "value": "info"}, {"name": "SIZE", "value": "large"}]
    assert "laptop" not in values


def test_it_is_chosen_by_the_project_or_for_one_run(tmp_path: Path) -> None:
    assert load(tmp_path / "a", PROJECT, "qa").project.profile == "qa"
    assert load(tmp_path / "b", f"{PROJECT}profile: laptop\n").project.profile == "laptop"


def test_a_run_with_a_profile_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no profile qx") as refused:
        load(tmp_path, PROJECT, "qx")
    assert refused.value.hint == "one of dev, staging, prod, qa, laptop; or in devenv.yaml: profiles: {qx: dev}"


def test_every_name_that_is_wrong_is_told_at_its_line(tmp_path: Path) -> None:
    text = """project: shop
profile: stagign
profiles: {dev: staging, qa: prod}
stacks: [{name: web}]
stack_paths: [stacks]
services:
  api:
    build: api
    profiles:
      qs: {replicas: 2}
"""
    with pytest.raises(SpecError) as refused:
        load(tmp_path, text, qz="{}")
    told = {(problem.file.name, problem.line, problem.message): problem.hint for problem in refused.value.problems}
    assert set(told) == {
        ("devenv.yaml", 2, "there is no profile stagign"),
        ("devenv.yaml", 3, "the profile dev is built in"),
        ("devenv.yaml", 10, "there is no profile qs"),
        ("qz.yaml", 1, "the file is named after no profile"),
    }
    assert told["devenv.yaml", 2, "there is no profile stagign"] == "did you mean staging?"
    assert told["devenv.yaml", 10, "there is no profile qs"] == (
        "profiles: dev, prod, qa, staging; or one of your own: profiles: {qs: dev}"
    )
