"""A new stack: whole, listed, valid, and over nothing that is there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from support.command import devenv

from devenv.adapters.files.paths import data_root
from devenv.adapters.process import run
from devenv.errors import AlreadyThereError, UsageError
from devenv.spec.load import load_workspace
from devenv.workflows.scaffolding.new_stack import new_stack

DATA = data_root()
PROJECT = "# the shop\nproject: shop\nstacks: # ours\n  - name: redis # first\n\n# the end\n"
LAYER = "06-application"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.yaml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


def test_it_is_listed_and_valid_and_the_rest_stays(root: Path) -> None:
    done = new_stack(root, "search-page", LAYER, DATA)

    assert (root / "devenv.yaml").read_text(encoding="utf-8") == (
        "# the shop\nproject: shop\nstacks: # ours\n  - name: redis # first\n  - name: search-page\n\n# the end\n"
        "stack_paths:\n  - stacks\n"
    )
    assert done.left == ()
    assert done.folder == root / "stacks" / LAYER / "search-page"
    assert {file.name for file in (done.folder / "values").iterdir()} == {"dev.yaml", "staging.yaml", "prod.yaml"}
    assert (root / "tests" / "test_search_page.py").is_file()
    assert "search-page" in load_workspace(root, data_root=DATA).selected
    assert not [file for file in done.files if "hello" in file.name or "hello" in file.read_text()]


def test_its_test_is_found_by_pytest(root: Path) -> None:
    new_stack(root, "search", LAYER, DATA)

    done = run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"], cwd=root, check=False
    )

    assert "1 test collected" in done.stdout


def test_it_goes_where_the_projects_stacks_are(root: Path) -> None:
    new_stack(root, "search", LAYER, DATA)
    (root / "stacks").rename(root / "own")
    text = (root / "devenv.yaml").read_text().replace("  - stacks\n", "  - own\n")
    (root / "devenv.yaml").write_text(text)

    done = new_stack(root, "hello-06-application", "04-hello", DATA)

    assert done.folder == root / "own" / "04-hello" / "hello-06-application"
    spec = yaml.safe_load((done.folder / "stack.yaml").read_text())
    assert (spec["name"], spec["layer"]) == ("hello-06-application", "04-hello")
    assert {"search", "hello-06-application"} <= set(load_workspace(root, data_root=DATA).selected)


@pytest.mark.parametrize(
    ("name", "layer", "hint"),
    [
        ("Search", LAYER, "for example: devenv new stack search"),
        ("../x", LAYER, "for example: devenv new stack x"),
        ("1a", LAYER, "for example: devenv new stack s-1a"),
        ("a" * 41, LAYER, f"for example: devenv new stack {'a' * 40}"),
        ("search", "apps", "for example --layer 06-application"),
        ("search", "../06-x", "for example --layer 06-application"),
        ("redis", LAYER, "devenv add redis brings that one up; for one of your own: devenv new stack shop-redis"),
        ("web", LAYER, "devenv eject web writes its chart; for another one: devenv new stack shop-web"),
    ],
)
def test_a_name_that_cannot_be_or_is_taken_changes_nothing(root: Path, name: str, layer: str, hint: str) -> None:
    text = f"{PROJECT}services: {{web: {{image: nginx}}}}\n"
    (root / "devenv.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(UsageError) as raised:
        new_stack(root, name, layer, DATA)

    assert raised.value.hint == hint
    assert [file.name for file in root.rglob("*")] == ["devenv.yaml"]
    assert (root / "devenv.yaml").read_text() == text


def test_nothing_is_written_over(root: Path) -> None:
    new_stack(root, "search", LAYER, DATA)
    chart = root / "stacks" / LAYER / "other" / "chart" / "Chart.yaml"
    chart.parent.mkdir(parents=True)
    chart.write_text("mine\n")
    before = (root / "devenv.yaml").read_text()

    with pytest.raises(AlreadyThereError) as raised:
        new_stack(root, "other", LAYER, DATA)

    assert raised.value.context == {f"stacks/{LAYER}/other/chart/Chart.yaml": "it is there already"}
    assert (root / "devenv.yaml").read_text() == before
    assert not (root / "tests" / "test_other.py").exists()


def test_where_the_list_cannot_be_changed_by_lines_that_is_told(root: Path) -> None:
    text = "{project: shop, stacks: [{name: redis}]}\n"
    (root / "devenv.yaml").write_text(text)

    done = devenv("new", "stack", "search", "--json", cwd=root)

    told = json.loads(done.stdout)
    assert told["left"] == ["add to stacks: {name: search}", "and, if it is not there, stack_paths: [stacks]"]
    assert (root / "devenv.yaml").read_text() == text
    assert (root / "stacks" / LAYER / "search" / "stack.yaml").is_file()


def test_what_it_prints(root: Path) -> None:
    done = devenv("new", "stack", "search", cwd=root)

    assert done.status == 0
    assert f"{root}/stacks/{LAYER}/search/stack.yaml\n" in done.stdout
    assert done.stderr.endswith("next: devenv up, then: devenv open search\n")
    again = devenv("new", "stack", "search", cwd=root)
    assert again.status == 2
    assert "[already-there]" in again.stderr
