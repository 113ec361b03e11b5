"""The toolchain: small scripts on a temporary PATH, real programs where there are any, a real server."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import platform
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.http_server import Server
from support.programs import require_tool

from devenv.adapters.tools.toolchain import Toolchain, locate, platform_name
from devenv.adapters.tools.versions import VersionMemory, accepts, ask_version
from devenv.errors import ChecksumError, ImageError, ToolMissingError
from devenv.spec.versions import ToolVersion

Program = Callable[[str, str], Path]
KIND = "#!/bin/sh\necho kind v{} go1.26.3 linux/amd64\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server() as server:
        yield server


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def write_kind(path: Path) -> None:
    write_program(path, KIND.format("0.33.0"))


def tool(server: str = "http://127.0.0.1:9", *, body: bytes = b"", member: str | None = None) -> ToolVersion:
    return ToolVersion(
        version="0.33.0",
        accept=">=0.30,<0.40",
        download=f"{server}/v{{version}}/kind",
        checksum=f"{server}/v{{version}}/kind.sha256sum",
        sha256={platform_name(): hashlib.sha256(body).hexdigest()},
        archive_member=member,
        recipe="cluster/tools",
        target="kind",
    )


def test_a_program_on_path_that_fits_is_used(bin_folder: Path, cache: Path) -> None:
    program = write_program(bin_folder / "kind", KIND.format("0.31.0"))
    located = locate("kind", tool(), cache=cache, search_path=str(bin_folder))
    assert (located.path, located.version, located.origin) == (program, "0.31.0", "path")


@pytest.mark.parametrize("version", ["0.29.0", "0.40.0", "0.40.0-alpha", "0.30.0-rc.1"])
def test_a_program_that_does_not_fit_is_passed_over_and_told(bin_folder: Path, cache: Path, version: str) -> None:
    write_program(bin_folder / "kind", KIND.format(version))
    located = locate("kind", tool(), cache=cache, search_path=str(bin_folder))
    assert (located.path, located.origin) == (None, "missing")
    assert f"is {version}, wanted is >=0.30,<0.40" in located.note


def test_a_program_that_cannot_run_is_passed_over(bin_folder: Path, cache: Path) -> None:
    write_program(bin_folder / "kind", "#!/bin/sh\nexit 1\n")
    assert "of unknown version" in locate("kind", tool(), cache=cache, search_path=str(bin_folder)).note


def test_the_cache_comes_after_path(bin_folder: Path, cache: Path) -> None:
    chain = Toolchain({"kind": tool()}, cache=cache, search_path=str(bin_folder))
    cached = write_program(chain.cached_path("kind"), KIND.format("0.33.0"))
    assert cached == cache / "tools/kind-0.33.0/kind"
    assert chain.locate("kind").origin == "cache"
    write_program(bin_folder / "kind", KIND.format("0.33.0"))
    assert chain.locate("kind").origin == "path"


def test_a_download_is_verified_kept_and_found_again(server: Server, bin_folder: Path, cache: Path) -> None:
    body = KIND.format("0.33.0").encode()
    digest = hashlib.sha256(body).hexdigest()
    server.serve("/v0.33.0/kind", body)
    chain = Toolchain({"kind": tool(server.url, body=body)}, cache=cache, search_path=str(bin_folder))
    located = chain.provide("kind")
    assert (located.origin, located.version) == ("cache", "0.33.0")
    assert f"sha256 {digest}" in located.note
    again = Toolchain({"kind": tool(server.url)}, cache=cache, search_path=str(bin_folder)).provide("kind")
    assert again.path == located.path
    assert server.asked == ["/v0.33.0/kind"]  # where the program comes from is not asked for its checksum
    assert not list(chain.cached_path("kind").parent.glob(".*"))


def test_a_program_inside_an_archive_is_taken_out(server: Server, bin_folder: Path, cache: Path) -> None:
    archive = io.BytesIO()
    body = KIND.format("0.33.0").encode()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        entry = tarfile.TarInfo(f"{platform.system().lower()}/kind")
        entry.size = len(body)
        tar.addfile(entry, io.BytesIO(body))
    server.serve("/v0.33.0/kind", archive.getvalue())
    spec = tool(server.url, body=archive.getvalue(), member="{os}/kind")
    located = Toolchain({"kind": spec}, cache=cache, search_path=str(bin_folder)).provide("kind")
    assert located.path
    assert located.path.read_bytes() == body


def test_a_wrong_checksum_stops_and_builds_nothing(server: Server, bin_folder: Path, cache: Path) -> None:
    server.serve("/v0.33.0/kind", b"tampered")
    server.serve("/v0.33.0/kind.sha256sum", hashlib.sha256(b"tampered").hexdigest().encode())
    built: list[Path] = []
    chain = Toolchain({"kind": tool(server.url)}, cache=cache, search_path=str(bin_folder))
    with pytest.raises(ChecksumError):
        chain.provide("kind", build=built.append)
    assert built == []
    assert chain.locate("kind").origin == "missing"


def test_what_cannot_be_downloaded_is_built(bin_folder: Path, cache: Path) -> None:
    reported: list[str] = []

    def build(target: Path) -> None:
        write_program(target, KIND.format("0.33.0"))

    chain = Toolchain({"kind": tool()}, cache=cache, search_path=str(bin_folder))
    located = chain.provide("kind", build=build, on_progress=reported.append)
    assert located.origin == "cache"
    assert located.note.startswith("built, because 127.0.0.1:9 cannot be reached")
    assert reported[-1].startswith("building")


def test_without_a_pinned_checksum_nothing_is_downloaded_and_the_way_to_pin_one_is_told(
    server: Server, bin_folder: Path, cache: Path
) -> None:
    server.serve("/v0.33.0/kind", KIND.format("0.33.0").encode())
    spec = tool(server.url).model_copy(update={"sha256": {}})
    chain = Toolchain({"kind": spec}, cache=cache, search_path=str(bin_folder))
    with pytest.raises(ToolMissingError) as caught:
        chain.provide("kind")
    assert caught.value.context["download"] == "versions.yaml has no checksum of kind"
    assert "devenv.workflows.pin_tools" in caught.value.context["to pin it"]
    located = chain.provide("kind", build=write_kind)
    assert located.note.startswith("built, because versions.yaml has no checksum of kind; to pin it: ")
    assert server.asked == []


@pytest.mark.parametrize(
    "body",
    [b"no archive", gzip.compress(b"x" * 100_000)[:80], gzip.compress(b"no tar")],
    ids=["no gzip", "cut short", "no tar"],  # gzip writes the time into what it makes
)
def test_an_archive_that_cannot_be_unpacked_is_built_instead(
    server: Server, bin_folder: Path, cache: Path, body: bytes
) -> None:
    server.serve("/v0.33.0/kind", body)
    spec = tool(server.url, body=body, member="linux/kind")
    chain = Toolchain({"kind": spec}, cache=cache, search_path=str(bin_folder))
    located = chain.provide("kind", build=write_kind)
    assert located.note.startswith("built, because kind holds no linux/kind")


def test_a_failed_build_leaves_nothing(bin_folder: Path, cache: Path) -> None:
    def build(target: Path) -> None:
        target.write_text("half")
        raise ImageError("the build failed")

    chain = Toolchain({"kind": tool()}, cache=cache, search_path=str(bin_folder))
    with pytest.raises(ImageError):
        chain.provide("kind", build=build)
    assert not chain.cached_path("kind").parent.exists()


def test_a_built_program_that_does_not_run_here_is_refused(bin_folder: Path, cache: Path) -> None:
    def build(target: Path) -> None:
        target.write_bytes(b"\x7fELF of another machine")

    chain = Toolchain({"kind": tool()}, cache=cache, search_path=str(bin_folder))
    with pytest.raises(ToolMissingError, match="does not work on this machine"):
        chain.provide("kind", build=build)
    assert chain.locate("kind").origin == "missing"


def test_without_download_and_build_the_way_out_is_told(bin_folder: Path, cache: Path) -> None:
    with pytest.raises(ToolMissingError, match="cannot be downloaded") as caught:
        Toolchain({"kind": tool()}, cache=cache, search_path=str(bin_folder)).provide("kind")
    assert "install kind >=0.30,<0.40" in caught.value.hint


def test_an_unknown_tool_is_named(cache: Path) -> None:
    with pytest.raises(ToolMissingError, match="nope is not in the catalogue"):
        Toolchain({"kind": tool()}, cache=cache).locate("nope")


def test_buildx_is_found_as_the_plugin_that_docker_runs(
    own_home: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    text = "#!/bin/sh\necho github.com/docker/buildx v0.33.0 0b1a\n"
    plugin = write_program(own_home / ".docker/cli-plugins/docker-buildx", text)
    chain = Toolchain({"buildx": tool()}, cache=cache)
    assert chain.locate("buildx").path == plugin
    assert chain.cached_path("buildx").name == "docker-buildx"


@pytest.fixture(scope="session")
def helm() -> Path:
    """Found before a test moves its home, and devenv's cache with it."""
    return require_tool("helm")


@pytest.fixture(scope="session")
def kind() -> Path:
    """Found as helm is."""
    return require_tool("kind")


def test_real_programs_are_understood(helm: Path, tmp_path: Path) -> None:
    memory = VersionMemory(tmp_path / "versions.json")
    version = memory.version("helm", helm)
    assert version
    assert accepts(">=3,<5", version)
    assert VersionMemory(tmp_path / "versions.json").version("helm", helm) == version


def test_a_replaced_program_is_asked_again(kind: Path, bin_folder: Path, tmp_path: Path) -> None:
    memory = VersionMemory(tmp_path / "versions.json")
    copy = bin_folder / "kind"
    copy.write_bytes(kind.read_bytes())
    copy.chmod(0o755)
    assert memory.version("kind", copy) == ask_version("kind", kind)
    write_program(copy, KIND.format("0.1.0"))
    assert memory.version("kind", copy) == "0.1.0"


def test_scripts_are_asked_every_time_since_what_they_start_may_change(bin_folder: Path, tmp_path: Path) -> None:
    shim = write_program(bin_folder / "kind", "#!/bin/sh\ncat $(dirname $0)/answer\n")
    status = shim.stat()
    memory = VersionMemory(tmp_path / "versions.json")
    for version in ("0.31.0", "0.32.0"):
        (bin_folder / "answer").write_text(f"kind v{version} go\n")
        os.utime(shim, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert memory.version("kind", shim) == version


def test_a_damaged_memory_is_forgotten(bin_folder: Path, cache: Path) -> None:
    (cache / "tools").mkdir(parents=True)
    (cache / "tools/versions.json").write_text('{"x": 1')
    write_program(bin_folder / "kind", KIND.format("0.31.0"))
    assert locate("kind", tool(), cache=cache, search_path=str(bin_folder)).version == "0.31.0"


@pytest.mark.parametrize(
    ("bounds", "version", "fits"),
    [
        (">=0.30,<0.40", "0.30", True),
        (">=4.3,<5", "4.3", True),
        (">=4.3,<5", "v4.3.1+g1234", True),
        (">=4.3.1,<5", "4.3", False),
        ("==1.2", "1.2.0", True),
        (">1.2", "1.2.0", False),
        ("<=1.2", "1.2.1", False),
        ("<5", "5.0.0-beta.1", False),
    ],
)
def test_bounds(bounds: str, version: str, *, fits: bool) -> None:
    assert accepts(bounds, version) is fits


@pytest.mark.parametrize(("bounds", "version"), [("~=1", "1.0"), ("", "1.0"), (">=1", "none")])
def test_what_is_no_bound_or_version_is_refused(bounds: str, version: str) -> None:
    with pytest.raises(ValueError, match=r"is not a bound|no version"):
        accepts(bounds, version)
