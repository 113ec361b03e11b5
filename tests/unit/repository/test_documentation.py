"""What the documentation points to is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = ("benchmarks", "cluster", "devenv", "docs", "examples", "localstack-init", "stacks", "templates", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
NOT_HERE = {"devenv/data", "stacks/04-core-services/hello/stack.yaml", "tests/test_longest.py"}
"""A folder of the wheel; what the reader of a lesson makes."""
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
PATH = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]+)`")


def anchors(page: Path) -> set[str]:
    """What headings are linked by, as code hosts make it of them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for file, anchor in LINK.findall(page.read_text()):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), file
        assert not anchor or anchor in anchors(target), f"{file}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_exist(page: Path) -> None:
    named = {path.rstrip("/") for path in PATH.findall(page.read_text())} - NOT_HERE
    assert [path for path in sorted(named) if not (ROOT / path).exists() and not (page.parent / path).exists()] == []


def test_the_reference_of_commands_is_what_the_commands_say(tmp_path: Path) -> None:
    made = tmp_path / "commands.md"
    arguments = ("typer", "devenv.cli.app", "utils", "docs", "--name", "devenv", "--title", "Commands")
    subprocess.run([sys.executable, "-m", *arguments, "--output", made], check=True, capture_output=True)
    assert made.read_text() == (ROOT / "docs" / "commands.md").read_text(), "docs/contributing.md says how to make it"


def test_the_site_is_made_of_the_pages_without_a_warning(tmp_path: Path) -> None:
    mkdocs = Path(sys.executable).with_name("mkdocs")
    command = (mkdocs, "build", "--strict", "--quiet", "--site-dir", tmp_path / "site")
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    assert "devenv up" in (tmp_path / "site" / "index.html").read_text()
