"""`devenv validate` and `devenv schema` as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import devenv

REPOSITORY = Path(__file__).parents[3]
BROKEN = Path(__file__).parent / "specs" / "broken" / "problems-everywhere"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    text = "project: shop\nprofile: staging\nstacks: [{name: namespaces}]\n"
    (tmp_path / "devenv.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_correct_project(project: Path) -> None:
    done = devenv("validate", cwd=project)

    assert (done.status, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == f"{project}/devenv.yaml: no problems"
    assert second.startswith("project shop, profile staging, 1 of ")
    assert second.endswith(" stacks: namespaces")


def test_a_correct_project_as_data(project: Path) -> None:
    done = devenv("validate", "--json", "--profile", "prod", cwd=project)

    assert done.status == 0
    assert json.loads(done.stdout) == {
        "valid": True,
        "project": "shop",
        "profile": "prod",
        "root": str(project),
        "stacks": [{"name": "namespaces", "layer": "01-foundation", "builtin": True, "source": None}],
        "problems": [],
        "warnings": [],
        "notes": [],
    }


def test_a_wrong_project_gives_all_problems_on_standard_error() -> None:
    done = devenv("validate", cwd=BROKEN)

    assert (done.status, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    for place in ("devenv.yaml:2", "devenv.yaml:5", "seeds.yaml:1", "stacks/04-apps/old/stack.yaml:1"):
        assert place in done.stderr
    assert "hint: did you mean summary?" in done.stderr


def test_a_wrong_project_as_data() -> None:
    done = devenv("validate", "--json", cwd=BROKEN)

    assert (done.status, done.stderr) == (2, "")
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "spec-invalid"
    assert {problem["line"] for problem in error["problems"]} >= {1, 2, 5}


def test_no_project(tmp_path: Path) -> None:
    done = devenv("validate", cwd=tmp_path)

    assert done.status == 2
    assert "[project-not-found]" in done.stderr


def test_schemas_are_written(tmp_path: Path) -> None:
    done = devenv("schema", "--output", "here", cwd=tmp_path)

    assert done.status == 0
    names = ("devenv", "stack", "seeds", "compatibility", "status", "doctor")
    assert done.stdout.splitlines() == [f"here/{name}.schema.json" for name in names]
    assert (tmp_path / "here" / "stack.schema.json").is_file()


def test_one_schema_is_printed(tmp_path: Path) -> None:
    done = devenv("schema", "devenv", cwd=tmp_path)

    assert json.loads(done.stdout)["title"] == "devenv.yaml: the environment of one product"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    done = devenv("schema", "--output", "file", cwd=tmp_path)

    assert done.status == 1
    assert "the schemas cannot be written to file" in done.stderr
