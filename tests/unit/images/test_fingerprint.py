from __future__ import annotations

import mmap
import os
import shutil
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import ImageError
from devenv.images.content.fingerprint import FileDigests, fingerprint, hash_of
from devenv.images.content.ignore import IgnoreRules
from devenv.plan.image import HostBuild


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
        lambda c: (c / "src" / "main.go").chmod(0o600),
        lambda c: (c / "start.sh").chmod(0o4755),
        lambda c: (c / "src").chmod(0o700),
        lambda c: (c / "empty").mkdir(),
        lambda c: os.mkfifo(c / "pipe"),
        lambda c: os.setxattr(c / "start.sh", "user.note", b"kept in images"),
    ],
)
def test_every_change_of_content_counts(context: Path, change: object) -> None:
    before = of(context)
    assert callable(change)
    change(context)
    assert of(context) != before


def test_times_do_not_count(context: Path) -> None:
    before = of(context)
    os.utime(context / "src" / "main.go", (1, 1))
    assert of(context) == before


def test_modes_of_the_usual_umask_leave_hashes_as_they_always_were(context: Path) -> None:
    """Another hash for the same files would have everybody build every image anew."""
    assert of(context) == "b47ee54bce78ae7020e64073d14ad89d570064a9de97ebbd84320ea1e477dd34"


def test_what_comes_with_devenv_counts_with_the_modes_of_version_control(context: Path) -> None:
    assert of(context, shipped=True) == of(context)
    (context / "src" / "main.go").chmod(0o600)
    (context / "src").chmod(0o700)
    (context / "start.sh").chmod(0o775)
    assert of(context, shipped=True) != of(context)
    (context / "src" / "main.go").chmod(0o644)
    before = of(context, shipped=True)
    (context / "start.sh").chmod(0o664)
    assert of(context, shipped=True) != before


def test_a_folder_that_is_ignored_need_not_be_readable(context: Path) -> None:
    (context / ".dockerignore").write_text("private\n")
    before = of(context)
    (context / "private" / "deep").mkdir(parents=True)
    (context / "private" / "key").write_text("secret")
    (context / "private").chmod(0)
    assert of(context) == before


@pytest.mark.parametrize("target", ["rules", "/rules", "../../rules"])
def test_ignore_rules_behind_a_link_are_sought_inside_of_the_context(context: Path, target: str) -> None:
    (context / ".dockerignore").symlink_to(target)
    (context.parent / "rules").write_text("*.txt\n")
    unruled = of(context)
    (context / "notes.txt").write_text("one")
    assert of(context) != unruled
    (context / "rules").write_text("*.txt\n")
    ruled = of(context)
    (context / "notes.txt").write_text("two")
    assert of(context) == ruled


def test_ignore_rules_may_be_a_folder_or_links_in_a_circle(context: Path) -> None:
    (context / ".dockerignore").mkdir()
    with_folder = of(context)
    (context / ".dockerignore").rmdir()
    (context / ".dockerignore").symlink_to(".dockerignore")
    assert of(context) != with_folder


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


def test_digests_notice_that_a_file_was_rewritten_and_its_time_set_back(tmp_path: Path) -> None:
    file = tmp_path / "file"
    digests = FileDigests()
    file.write_text("one")
    os.utime(file, (1, 1))
    first = digests.of(file)
    file.write_text("two")
    os.utime(file, (1, 1))
    assert digests.of(file) != first


def test_digests_notice_that_a_file_was_written_again_under_the_same_time(tmp_path: Path) -> None:
    """Through a mapping of its bytes, which is written back later: the time is that of the first write for a while."""
    file = tmp_path / "file"
    digests = FileDigests()
    file.write_text("zero")
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as mapped:
        mapped[:] = b"1st."
        first, facts = digests.of(file), file.stat()
        mapped[:] = b"2nd."
        assert file.stat().st_ctime_ns == facts.st_ctime_ns
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
        ([" #x"], "#x", True),
        (["a\r"], "a", True),
        (["a\x0bb"], "a\x0bb", True),
        (["a\u2028b"], "a", False),
        (["**b"], "x/ab", True),
        (["**b*"], "ab", False),
        (["a**b"], "ab", True),
        (["a**b"], "axb", False),
        (["a**"], "ab/c", True),
        (["a/**"], "a", False),
        (["a/**"], "a/b", True),
        (["//a"], "a", True),
        (["/!a", "a"], "a", True),
        (["*", "/!a"], "a", False),
        (["*", "! a"], "a", False),
        (["^a"], "^a", True),
        (["^a*"], "ab", True),
        (["x[^a]b"], "x/b", True),
        (["*/x", "!a/*/**"], "a/x/y", True),
        (["a/b", "!a"], "a/b", True),
        (["\\d"], "5", False),
        (["*", "!\\d"], "x", False),
        (["[z-a]"], "b", False),
        (["[[:alpha:]]"], "b", False),
        (["[", "b"], "b", True),
        (["!", "b"], "b", True),
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
def test_what_is_sent_lies_in_folders_that_are_entered(lines: list[str], path: str) -> None:
    rules = IgnoreRules(lines)
    full = PurePosixPath(path)
    if not rules.ignores(full):
        assert all(rules.match_through(folder).entered for folder in list(full.parents)[:-1])


def test_of_a_build_by_a_command_the_command_counts_and_what_it_reads(context: Path) -> None:
    def by(command: str, *deps: str) -> str:
        return of(context, host=HostBuild((command,), command, deps))

    (context / "Dockerfile").unlink()
    seen = [by("make"), by("make all"), by("make", "src"), by("make", "start.sh")]
    assert len(set(seen)) == len(seen)
    (context / "start.sh").write_text("changed")
    assert by("make", "src") == seen[2]
    assert by("make", "start.sh") != seen[3]
    (context / "src" / "new.go").write_text("")
    assert by("make", "src") != seen[2]
