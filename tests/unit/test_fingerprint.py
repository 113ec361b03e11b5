from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import ImageError
from devenv.images.fingerprint import FileDigests, fingerprint, hash_of
from devenv.images.ignore import IgnoreRules


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    (folder / "src").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (folder / "src" / "main.go").write_text("package main\n")
    (folder / "start.sh").write_text("#!/bin/sh\n")
    (folder / "start.sh").chmod(0o755)
    (folder / "current").symlink_to("src")
    return folder


def of(context: Path, **more: object) -> str:
    return fingerprint(context / "Dockerfile", context, **more)  # type: ignore[arg-type]


def test_a_copy_elsewhere_has_the_same_fingerprint(context: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(context, tmp_path / "elsewhere", symlinks=True)
    os.utime(copy / "src" / "main.go", (1, 1))
    assert of(copy) == of(context)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: (c / "src" / "main.go").write_text("package other\n"),
        lambda c: (c / "src" / "main.go").rename(c / "src" / "other.go"),
        lambda c: (c / "start.sh").chmod(0o644),
        lambda c: (c / "new").write_text(""),
        lambda c: (c / "Dockerfile").write_text("FROM scratch\n"),
        lambda c: (c / "start.sh").unlink(),
        lambda c: ((c / "current").unlink(), (c / "current").symlink_to("elsewhere")),
        lambda c: ((c / "current").unlink(), (c / "current").write_text("src")),
    ],
)
def test_every_change_of_content_counts(context: Path, change: object) -> None:
    before = of(context)
    assert callable(change)
    change(context)
    assert of(context) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda c: os.utime(c / "src" / "main.go", (1, 1)),
        lambda c: (c / "src" / "main.go").chmod(0o600),
        lambda c: (c / "empty").mkdir(),
        lambda c: os.mkfifo(c / "pipe"),
    ],
)
def test_what_builds_do_not_see_does_not_count(context: Path, change: object) -> None:
    before = of(context)
    assert callable(change)
    change(context)
    assert of(context) == before


def test_target_arguments_and_bases_count(context: Path) -> None:
    variants = [
        of(context),
        of(context, target="build"),
        of(context, args={"A": "1"}),
        of(context, args={"A": "2"}),
        of(context, args={"A1": ""}),
        of(context, bases=["x"]),
        of(context, bases=["y"]),
        of(context, bases=["x", "y"]),
    ]
    assert len(set(variants)) == len(variants)
    assert of(context, bases=["y", "x"]) == of(context, bases=["x", "y"])


def test_ignored_files_do_not_count_but_the_dockerfile_always_does(context: Path) -> None:
    (context / ".dockerignore").write_text("# comment\n*\n!src/**\nsrc/*.tmp\n")
    before = of(context)
    (context / "start.sh").write_text("changed")
    (context / "src" / "x.tmp").write_text("changed")
    assert of(context) == before
    (context / "src" / "x.go").write_text("changed")
    after = of(context)
    assert after != before
    (context / "Dockerfile").write_text("FROM scratch\nCOPY src /\n")
    assert of(context) not in (before, after)


def test_rules_beside_the_dockerfile_replace_those_of_the_context(context: Path, tmp_path: Path) -> None:
    dockerfile = tmp_path / "other.Dockerfile"
    dockerfile.write_text("FROM scratch\n")
    (context / ".dockerignore").write_text("**\n")
    everything_ignored = fingerprint(dockerfile, context)
    (tmp_path / "other.Dockerfile.dockerignore").write_text("src\n")
    assert fingerprint(dockerfile, context) != everything_ignored


def test_a_missing_context_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(ImageError, match="nowhere") as caught:
        fingerprint(tmp_path / "Dockerfile", tmp_path / "nowhere")
    assert caught.value.context["cause"] == "No such file or directory"


def test_digests_notice_that_a_file_was_rewritten(tmp_path: Path) -> None:
    file = tmp_path / "file"
    digests = FileDigests()
    file.write_text("one")
    first = digests.of(file)
    assert digests.of(file) == first
    file.write_text("longer")
    assert digests.of(file) != first


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_different_lists_never_hash_alike(one: list[str], other: list[str]) -> None:
    assert (hash_of(*one) == hash_of(*other)) == (one == other)


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        (["node_modules"], "node_modules/a/b.js", True),
        (["node_modules"], "web/node_modules/b.js", False),
        (["**/node_modules"], "web/node_modules/b.js", True),
        (["**/node_modules"], "node_modules", True),
        (["*.md"], "README.md", True),
        (["*.md"], "docs/README.md", False),
        (["**/*.md", "!docs/**/keep.md"], "docs/a/keep.md", False),
        (["**/*.md", "!docs/**/keep.md"], "docs/a/other.md", True),
        (["/build/"], "build/x", True),
        (["./build"], "build/x", True),
        (["a?c"], "abc", True),
        (["a?c"], "a/c", False),
        (["[ab]*.txt"], "b1.txt", True),
        (["[^ab].txt"], "b.txt", False),
        (["[!ab].txt"], "b.txt", True),
        (["docs", "!docs/x"], "docs/x", False),
        (["!docs/x", "docs"], "docs/x", True),
        (["  spaced  "], "spaced", True),
        (["a\\*b"], "a*b", True),
        (["a\\*b"], "axb", False),
        ([".", "", "#x"], "x", False),
    ],
)
def test_ignore_rules(lines: list[str], path: str, ignored: bool) -> None:  # noqa: FBT001 -- a table of cases
    assert IgnoreRules(lines).ignores(PurePosixPath(path)) is ignored


_NAMES = st.sampled_from(["a", "b", "c.md", "d.go"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_PATTERNS = st.builds(
    lambda negated, parts: ("!" if negated else "") + "/".join(parts),
    st.booleans(),
    st.lists(st.sampled_from(["a", "b", "*", "**", "*.md", "c.*"]), min_size=1, max_size=3),
)


@given(st.lists(_PATTERNS, max_size=4), _PATHS)
def test_an_ignored_folder_that_is_not_entered_holds_nothing_included(lines: list[str], path: str) -> None:
    rules = IgnoreRules(lines)
    full = PurePosixPath(path)
    if not rules.ignores(full):
        for folder in list(full.parents)[:-1]:
            assert not rules.ignores(folder) or rules.may_include_below(folder)
