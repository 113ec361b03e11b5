"""The project's name, read when the rest may be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.errors import ProjectNotFoundError, SpecError
from devenv.spec.project_name import project_name


def write(folder: Path, text: str) -> Path:
    (folder / "devenv.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "rest",
    [
        "stacks: [{name: web}]",
        "",
        "stacks: 5",
        "colour: red\nprofile: nonsense\nstacks: [{nmae: web}]",
        "cluster: {ports: {http: -1}}",
    ],
)
def test_the_rest_does_not_matter(tmp_path: Path, rest: str) -> None:
    assert project_name(write(tmp_path, f"project: shop\n{rest}\n")) == "shop"


def test_it_is_found_from_a_folder_below(tmp_path: Path) -> None:
    below = write(tmp_path, "project: shop\n") / "a" / "b"
    below.mkdir(parents=True)

    assert project_name(below) == "shop"


@pytest.mark.parametrize(
    "text",
    ["", "stacks: []", "project:", "project: 5", "project: My_Shop", f"project: {'a' * 31}", "[]", "shop", "a: [b"],
)
def test_without_a_valid_name_the_file_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SpecError) as caught:
        project_name(write(tmp_path, text))

    assert {problem.file for problem in caught.value.problems} == {tmp_path / "devenv.yaml"}


def test_without_a_file_there_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFoundError):
        project_name(tmp_path)
