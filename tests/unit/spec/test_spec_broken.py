"""A folder of wrong specifications, each with the problems that devenv has to tell: all, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.errors import Problem, SpecError
from devenv.spec.load import VERSIONS_FILE, load_workspace

SPECS = Path(__file__).parent / "specs"
DATA = SPECS / "data"
REPOSITORY = Path(__file__).parents[3]
AGAINST_ALL_STACKS = ("services-", "databases-", "imports-")
"""Of specifications that refer to the stacks and the catalogue that devenv ships."""
CASES = sorted(path.name for path in (SPECS / "broken").iterdir())


def problems_of(root: Path) -> tuple[Problem, ...]:
    all_stacks = root.name.startswith(AGAINST_ALL_STACKS)
    data = REPOSITORY if all_stacks else DATA
    own = root / "versions.yaml"
    versions = VERSIONS_FILE if all_stacks else own if own.exists() else DATA / "versions.yaml"
    with pytest.raises(SpecError) as caught:
        load_workspace(root, data_root=data, versions_file=versions)
    return caught.value.problems


def as_row(problem: Problem, root: Path) -> dict[str, Any]:
    below = root if problem.file.is_relative_to(root) else SPECS
    row: dict[str, Any] = {
        "file": str(problem.file.relative_to(below)),
        "line": problem.line,
        "key": problem.key,
    }
    row["says"] = problem.message.replace(str(SPECS), "{specs}")
    if problem.hint:
        row["hint"] = problem.hint.replace(str(SPECS), "{specs}")
    return row


@pytest.mark.parametrize("case", CASES)
def test_every_problem_is_told_with_file_line_key_and_hint(case: str) -> None:
    root = SPECS / "broken" / case
    expected = yaml.safe_load((root / "expected.yaml").read_text(encoding="utf-8"))

    assert [as_row(problem, root) for problem in problems_of(root)] == expected


def write_project(root: Path, text: str = "project: shop\nstacks:\n  - name: store\n") -> Path:
    (root / "devenv.yaml").write_text(text, encoding="utf-8")
    return root


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "devenv.yaml").mkdir()

    (problem,) = problems_of(tmp_path)

    assert problem.message == "a file is expected here, and this is none"


def test_a_pipe_in_place_of_the_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "devenv.yaml")

    (problem,) = problems_of(tmp_path)

    assert problem.message == "a file is expected here, and this is none"


def test_a_link_to_nothing_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "devenv.yaml").symlink_to("gone.yaml")

    (problem,) = problems_of(tmp_path)

    assert problem.message == "the file cannot be read: no such file or directory"


def test_a_huge_file_is_not_parsed(tmp_path: Path) -> None:
    write_project(tmp_path, "project: shop\n" + "# padding\n" * 200_000)

    (problem,) = problems_of(tmp_path)

    assert problem.message == "the file is larger than 1024 KiB"


def test_many_values_are_refused(tmp_path: Path) -> None:
    write_project(tmp_path, f"project: shop\nstacks:\n  - name: store\n    values: {{a: [{'1,' * 100_001}]}}\n")

    (problem,) = problems_of(tmp_path)

    assert (problem.line, problem.message) == (4, "more than 100000 values, aliases expanded")


def test_a_folder_of_a_function_without_files(tmp_path: Path) -> None:
    write_project(tmp_path, "project: shop\nstacks:\n  - name: store\nseeds: [seeds.yaml]\n")
    function = "{name: f, runtime: python3.11, handler: a.b, path: code}"
    (tmp_path / "seeds.yaml").write_text(f"functions:\n  - {function}\n", encoding="utf-8")
    (tmp_path / "code" / "__pycache__").mkdir(parents=True)
    (tmp_path / "code" / "__pycache__" / "a.pyc").write_text("x", encoding="utf-8")

    (problem,) = problems_of(tmp_path)

    assert (problem.key, problem.message) == ("functions[0].path", "code holds no file")


def test_seeds_that_fit_into_no_secret(tmp_path: Path) -> None:
    write_project(tmp_path, "project: shop\nstacks:\n  - name: store\nseeds: [a.yaml, b.yaml]\n")
    for name in ("a", "b"):
        text = f"buckets:\n  - name: {name * 3}\n    objects: [{{key: x, text: {'x' * 500_000}}}]\n"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")

    (problem,) = problems_of(tmp_path)

    assert problem.file.name == "b.yaml"
    assert problem.message == "all seeds together are larger than 900 KiB"


def test_the_error_counts_and_lists_the_problems_as_data() -> None:
    root = SPECS / "broken" / "unknown-stack-chosen"

    with pytest.raises(SpecError) as caught:
        load_workspace(root, data_root=DATA, versions_file=DATA / "versions.yaml")

    error = caught.value.as_dict()
    assert error["code"] == "spec-invalid"
    assert error["message"] == "2 problems in the specification"
    assert error["problems"] == [
        {
            "file": str(root / "devenv.yaml"),
            "line": 3,
            "key": "stacks[0].name",
            "message": "there is no stack stroe",
            "hint": "did you mean store?",
        },
        {
            "file": str(root / "devenv.yaml"),
            "line": 5,
            "key": "stacks[2].name",
            "message": "there is no stack kafka",
            "hint": "stacks: namespaces, store",
        },
    ]
