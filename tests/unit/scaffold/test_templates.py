"""The templates are programs: each is taken by its language's own compiler or linter."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.programs import require_program

from devenv.adapters.files.paths import data_root
from devenv.scaffold.languages import Wish, sketch_of

TEMPLATES = data_root() / "templates" / "init"
KINDS = ("database", "plain")


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


def files(language: str, kind: str, pattern: str) -> list[Path]:
    found = sorted((TEMPLATES / language / kind).rglob(pattern))
    assert found
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_python(kind: str) -> None:
    for file in files("python", kind, "*.py"):
        compile(file.read_bytes(), file, "exec")


@pytest.mark.parametrize("kind", KINDS)
def test_node(kind: str) -> None:
    require_program("node")
    for file in files("node", kind, "*.mjs"):
        run("node", "--check", file, cwd=file.parent)


@pytest.mark.parametrize("kind", KINDS)
def test_java(kind: str, tmp_path: Path) -> None:
    if shutil.which("javac") is None:
        pytest.skip("there is no javac")
    run("javac", "-Xlint:all", "-Werror", "-d", tmp_path, *files("java", kind, "*.java"), cwd=tmp_path)


@pytest.mark.parametrize("language", ["python", "go", "node", "java"])
@pytest.mark.parametrize("database", ["postgres", "none"])
def test_a_product_without_a_worker_has_no_file_of_one(language: str, database: str) -> None:
    with_one = sketch_of(Wish("shop", language, database=database), TEMPLATES)  # type: ignore[arg-type]
    without = sketch_of(Wish("shop", language, worker=False, database=database), TEMPLATES)  # type: ignore[arg-type]

    assert [each.name for each in with_one.services] == ["api", "worker"]
    assert [each.name for each in without.services] == ["api"]
    gone = with_one.files.keys() - without.files.keys()
    assert len(gone) == 1
    assert "worker" in gone.pop().lower()


def test_what_is_built_from_is_what_the_dockerfile_asks_for() -> None:
    for language in ("python", "go", "node", "java"):
        for kind, database in (("database", "postgres"), ("plain", "none")):
            sketch = sketch_of(Wish("shop", language, database=database), TEMPLATES)  # type: ignore[arg-type]
            dockerfile = (TEMPLATES / language / kind / "api" / "Dockerfile").read_text()
            build = sketch.services[0].spec["build"]
            for argument in build["bases"] if isinstance(build, dict) else ():
                assert f"ARG {argument}=" in dockerfile
                assert f"FROM ${{{argument}}}" in dockerfile


def test_the_tests_of_the_python_template_are_found_by_pytest(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES / "python" / "database" / "tests", tmp_path / "tests")

    told = run(sys.executable, "-m", "pytest", "--collect-only", "-q", cwd=tmp_path)

    assert "2 tests collected" in told
