"""What BuildKit is sent of a context, against what an image's tag is made of; and that it takes files as they are."""

from __future__ import annotations

import os
import random
import stat
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.contexts import Sent, build, differing, make_context, read_archive, read_attributes
from support.programs import require_tool

from devenv.adapters.docker import Engine
from devenv.adapters.host.trust import Proxies
from devenv.images.build.build import ImageProvider
from devenv.images.content.context import sent_entries
from devenv.images.content.fingerprint import FileDigests
from devenv.images.content.staging import staged_context
from devenv.plan.steps import BuildImage

pytestmark = pytest.mark.engine
CASES = int(os.environ.get("DEVENV_CONTEXTS", "30"))
"""More of them, with other seeds, are a campaign of their own."""
SEED = int(os.environ.get("DEVENV_CONTEXTS_SEED", "0"))
REFERENCE = f"localhost/devenv-test/context:{uuid.uuid4().hex[:12]}"
PASSWORD = f"secret-{uuid.uuid4().hex}"
PROXY = f"http://user:{PASSWORD}@127.0.0.1:9"


@pytest.fixture
def provider(engine: Engine, tmp_path: Path) -> Iterator[ImageProvider]:
    yield ImageProvider(engine, tmp_path, proxies=Proxies(PROXY, PROXY, ""))
    engine.images.remove([REFERENCE])


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    return folder


def counted(context: Path) -> Sent:
    """What the tag depends on. A socket arrives as an empty file."""
    return {
        str(entry.path): (
            stat.S_IFREG if entry.kind == stat.S_IFSOCK else entry.kind,
            0 if entry.target else entry.mode,
            entry.target,
        )
        for entry in sent_entries(context, context / "Dockerfile")
    }


def test_tags_depend_on_what_the_builder_is_sent(tmp_path: Path) -> None:
    buildx = require_tool("buildx")

    def try_one(seed: int) -> str | None:
        """What is wrong; None where the builder refuses the rules, so that there is no image."""
        context = tmp_path / f"context-{seed}"
        make_context(context, random.Random(seed))  # noqa: S311 -- nothing is kept secret
        archive = tmp_path / f"{seed}.tar"
        if build(buildx, context, archive).status != 0:
            return None
        ours, theirs = counted(context), read_archive(archive)
        unlike = differing(ours, theirs)
        # What means something to Go's expressions alone is counted although it may be left out.
        if any(b"\\" in rules.read_bytes() for rules in context.glob("*ockerignore") if rules.is_file()):
            unlike = [path for path in unlike if path in theirs]
        return f"{context}: {[(p, ours.get(p), theirs.get(p)) for p in unlike]}" if unlike else ""

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(try_one, range(SEED, SEED + CASES)))
    assert not [wrong for wrong in found if wrong]
    assert found.count("") > CASES / 2


def test_a_changed_file_arrives_although_its_size_and_time_are_the_former(
    engine: Engine, provider: ImageProvider, context: Path, tmp_path: Path
) -> None:
    """BuildKit compares these two alone with what it keeps under the name of the context's folder."""
    step = BuildImage("app", REFERENCE, context / "Dockerfile", context)
    for content in ("one", "two", "six"):
        (context / "settings").write_text(content)
        os.utime(context / "settings", (1_000_000_000, 1_000_000_000))
        os.utime(context / "Dockerfile", (1_000_000_000, 1_000_000_000))
        provider.provide(step)
        engine.files.copy_out(REFERENCE, "/settings", tmp_path / content)
        engine.images.remove([REFERENCE])
        assert (tmp_path / content).read_text() == content


def attribute(path: Path, value: str = "") -> None:
    """Set an attribute, or remove it; what `setcap` does with another one."""
    if value:
        os.setxattr(path, "user.devenv", value.encode())
    else:
        os.removexattr(path, "user.devenv")


def set_again(path: Path, content: str) -> None:
    path.write_text(content)
    os.utime(path, (1_000_000_000, 1_000_000_000))


def exchange(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)
    os.utime(path, (1_000_000_000, 1_000_000_000), follow_symlinks=False)


def part(path: Path) -> None:
    """A second name of a file becomes a file of its own, of the same size and time."""
    path.unlink()
    set_again(path, "2")


def replace_folder(path: Path) -> None:
    path.rmdir()
    set_again(path, "1")


def nothing(_: Path) -> None:
    """Leave the context as it is."""


def contents(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {m.name: file.read() for m in tar if (m.isfile() or m.islnk()) and (file := tar.extractfile(m))}


CHANGES: list[tuple[str, Callable[[Path], None]]] = [
    ("an attribute of a file", lambda top: attribute(top / "file", "a")),
    ("another value of it", lambda top: attribute(top / "file", "b")),
    ("none any more", lambda top: attribute(top / "file")),
    ("an attribute of a folder", lambda top: attribute(top / "folder", "a")),
    ("another value of that", lambda top: attribute(top / "folder", "b")),
    ("none of the folder any more", lambda top: attribute(top / "folder")),
    ("a mode of a file", lambda top: (top / "file").chmod(0o4755)),
    ("a mode of a folder", lambda top: (top / "folder").chmod(0o2700)),
    ("a content", lambda top: set_again(top / "file", "2")),
    ("the former content", lambda top: set_again(top / "file", "1")),
    ("where a link leads", lambda top: exchange(top / "link", "nil")),
    ("a second name of a file", lambda top: (top / "twin").hardlink_to(top / "file")),
    ("a file of its own", lambda top: part(top / "twin")),
    ("a file in place of a folder", lambda top: replace_folder(top / "folder")),
]


def test_every_change_arrives_as_in_a_context_that_the_builder_has_never_seen(context: Path, tmp_path: Path) -> None:
    """One context is changed again and again; each time all of it is the same as what is sent under a fresh path."""
    buildx, digests = require_tool("buildx"), FileDigests()
    (context / "folder").mkdir()
    set_again(context / "file", "1")
    (context / "link").symlink_to("file")
    exchange(context / "link", "one")
    name = f"kept-{uuid.uuid4().hex[:8]}"
    for number, (what, change) in enumerate([("nothing", nothing), *CHANGES]):
        change(context)
        step = BuildImage(name, REFERENCE, context / "Dockerfile", context)
        kept, fresh = tmp_path / "kept.tar", tmp_path / "fresh.tar"
        with staged_context(step, digests) as given:
            assert build(buildx, given, kept).status == 0
            assert build(buildx, given.rename(given.with_name(f"{name}-{number}")), fresh).status == 0
        assert read_archive(kept) == read_archive(fresh), what
        assert read_attributes(kept) == read_attributes(fresh), what
        assert contents(kept) == contents(fresh), what


def test_what_comes_with_devenv_is_sent_with_the_modes_of_version_control(
    provider: ImageProvider, context: Path, tmp_path: Path
) -> None:
    """As it lies after an installation under a umask of 077."""
    (context / "conf").mkdir(mode=0o700)
    for name, mode in (("conf/server.ini", 0o600), ("start.sh", 0o700)):
        (context / name).touch(mode)
    (context / "link").symlink_to("conf")
    provider.provide(BuildImage("app", REFERENCE, context / "Dockerfile", context, shipped=True))
    again = tmp_path / "again"
    again.mkdir()
    (again / "Dockerfile").write_text(f"FROM {REFERENCE}\n")
    assert build(require_tool("buildx"), again, tmp_path / "image.tar").status == 0
    sent = read_archive(tmp_path / "image.tar")
    assert {path: oct(mode) for path, (_, mode, _) in sent.items()} == {
        "Dockerfile": "0o644",
        "conf": "0o755",
        "conf/server.ini": "0o644",
        "link": "0o0",
        "start.sh": "0o755",
    }


@pytest.mark.parametrize("by_client", [False, True])
def test_the_password_of_a_proxy_stands_in_no_list_of_processes(
    engine: Engine, provider: ImageProvider, context: Path, *, by_client: bool
) -> None:
    """Read from /proc while the build runs: any user of the machine could."""
    lines = ["FROM scratch", "ARG HTTPS_PROXY", "ARG known=${HTTPS_PROXY}", "LABEL proxy=${known}", "COPY . /"]
    (context / "Dockerfile").write_text("\n".join([*lines, f"LABEL once={uuid.uuid4()}", ""]))
    stop, seen = threading.Event(), set[str]()

    def look() -> None:
        while not stop.is_set():
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.update(file.read_bytes().decode(errors="replace").split("\0"))
                except OSError:  # the process has ended
                    continue

    step = BuildImage("app", REFERENCE, context / "Dockerfile", context)
    watcher = threading.Thread(target=look)
    watcher.start()
    buildx = engine.builds.buildx
    try:
        engine.builds.buildx = None if by_client else buildx
        provider.provide(step)
    finally:
        engine.builds.buildx = buildx
        stop.set()
        watcher.join()
    assert "buildx" in str(seen) or "--progress" in seen
    assert not [argument for argument in seen if PASSWORD in argument]
    assert engine.images.inspect(REFERENCE)["Config"]["Labels"]["proxy"] == PROXY
