"""The programs that devenv runs on the host: found on PATH, in the cache, downloaded or built.

Responsible for choosing and providing them. How a program is built is known to the images side and handed in.
"""

from __future__ import annotations

import os
import platform
import shutil
import tarfile
import threading
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devenv.adapters.files.paths import cache_dir
from devenv.adapters.files.scratch import scratch
from devenv.adapters.host.system import architecture
from devenv.adapters.process import find_program
from devenv.adapters.tools.download import download
from devenv.adapters.tools.versions import VersionMemory, accepts
from devenv.errors import ChecksumError, DownloadError, ToolMissingError
from devenv.spec.versions import ToolVersion

Origin = Literal["path", "cache", "missing"]
Build = Callable[[Path], None]
"""Builds the program and leaves it at the path that it is given; raises DevenvError."""

PIN_COMMAND = ".venv/bin/python -m devenv.workflows.pin_tools"
"""Fetches the checksums that projects publish, and writes them into versions.yaml for a maintainer to review."""
_FILE_NAMES = {"buildx": "docker-buildx"}
"""Docker's CLI takes a plugin by its file's name; all other programs are called like the tool."""
_PLUGIN_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)


@dataclass(frozen=True, slots=True)
class Located:
    """A program as it would be used now."""

    tool: str
    path: Path | None
    version: str | None
    origin: Origin
    note: str = ""
    """What is worth knowing: a program on PATH that does not fit, where a cached one came from."""


class Toolchain:
    """All programs of the catalogue."""

    def __init__(
        self, tools: Mapping[str, ToolVersion], *, cache: Path | None = None, search_path: str | None = None
    ) -> None:
        self._tools = tools
        self._cache = cache
        self._search_path = search_path
        self._memory = VersionMemory(self.cache / "versions.json")

    @property
    def cache(self) -> Path:
        """Where programs are kept: a folder for each tool and version."""
        return (self._cache or cache_dir(create=False)) / "tools"

    def locate(self, tool: str) -> Located:
        """Where the program is now: on PATH in a version that fits, else in the cache, else nowhere."""
        spec = self._specification(tool)
        note = ""
        for program in self._candidates(tool):
            version = self._memory.version(tool, program)
            if version and accepts(spec.accept, version):
                return Located(tool, program, version, "path")
            note = note or f"{program} is {version or 'of unknown version'}, wanted is {spec.accept}"
        cached = self.cached_path(tool)
        if os.access(cached, os.X_OK):
            return Located(tool, cached, spec.version, "cache", self._origin_note(cached) or note)
        return Located(tool, None, None, "missing", note)

    def locate_all(self) -> dict[str, Located]:
        """Every program of the catalogue, asked at the same time."""
        with ThreadPoolExecutor(max_workers=max(1, len(self._tools))) as pool:
            return {located.tool: located for located in pool.map(self.locate, self._tools)}

    def provide(
        self,
        tool: str,
        *,
        build: Build | None = None,
        on_progress: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Located:
        """Locate the program, or download it, or have it built.

        Raises:
            ToolMissingError: it can be had in none of these ways.
            ChecksumError: what was downloaded is not what the catalogue's checksum stands for; nothing is built then.
            DevenvError: `build` failed.
        """
        located = self.locate(tool)
        if located.path:
            return located
        spec, report = self._specification(tool), on_progress or (lambda _: None)
        target = self.cached_path(tool)
        try:
            report("downloading")
            origin = self._download(spec, target, report, cancel)
        except ChecksumError:
            raise
        except DownloadError as error:
            if build is None:
                raise ToolMissingError(
                    f"{tool} {spec.version} is not on this machine and cannot be downloaded",
                    context={"wanted": spec.accept, "download": error.message, **error.context},
                    hint=located.note or f"install {tool} {spec.accept}, or start a container engine to build it",
                ) from error
            report("building, since it cannot be downloaded")
            with scratch(self.cache) as folder:
                build(folder / target.name)
                _keep(folder / target.name, target)
            pinning = error.context.get("to pin it")
            origin = f"built, because {error.message}" + (f"; to pin it: {pinning}" if pinning else "")
        (target.parent / "origin").write_text(f"{origin}\n")
        return self._verified(tool, target)

    def cached_path(self, tool: str) -> Path:
        """Where the catalogue's version of the program lies, or would lie, in the cache."""
        name = _FILE_NAMES.get(tool, tool)
        return self.cache / f"{tool}-{self._specification(tool).version}" / name

    def _specification(self, tool: str) -> ToolVersion:
        try:
            return self._tools[tool]
        except KeyError:
            raise ToolMissingError(
                f"{tool} is not in the catalogue of versions", hint=f"known: {', '.join(sorted(self._tools))}"
            ) from None

    def _candidates(self, tool: str) -> list[Path]:
        """Programs of this name on the host; those in the cache are not looked for here."""
        name = _FILE_NAMES.get(tool, tool)
        found = [find_program(name, path=self._search_path)]
        if tool == "buildx" and self._search_path is None:
            configured = os.environ.get("DOCKER_CONFIG")
            own = Path(configured) if configured else Path.home() / ".docker"
            folders = (str(own / "cli-plugins"), *_PLUGIN_FOLDERS)
            found += [find_program(name, path=folder) for folder in folders]
        return [program for program in found if program]

    def _download(
        self, spec: ToolVersion, target: Path, report: Callable[[str], None], cancel: threading.Event | None
    ) -> str:
        name = platform_name()
        url = filled(spec.download, spec.version, name)
        if name not in spec.sha256:
            raise DownloadError(
                f"versions.yaml has no checksum of {url.rpartition('/')[2]}",
                context={"address": url, "platform": name, "to pin it": PIN_COMMAND},
            )
        with scratch(self.cache) as folder:
            file = folder / url.rpartition("/")[2]
            download(url, file, sha256=spec.sha256[name], on_progress=report, cancel=cancel)
            member = filled(spec.archive_member or "", spec.version, name)
            _keep(_unpacked(file, member) if member else file, target)
        return f"downloaded from {url}, sha256 {spec.sha256[name]}"

    def _verified(self, tool: str, target: Path) -> Located:
        """The provided program, once it has run here and said a version that fits."""
        spec = self._specification(tool)
        version = self._memory.version(tool, target)
        if version is None or not accepts(spec.accept, version):
            target.unlink()
            raise ToolMissingError(
                f"the {tool} that was provided does not work on this machine",
                context={"version": version or "none printed", "wanted": spec.accept},
            )
        return Located(tool, target, spec.version, "cache", self._origin_note(target))

    @staticmethod
    def _origin_note(cached: Path) -> str:
        file = cached.parent / "origin"
        return file.read_text(errors="replace").strip() if file.is_file() else ""


def locate(tool: str, spec: ToolVersion, *, cache: Path | None = None, search_path: str | None = None) -> Located:
    """Where one program is now; see `Toolchain.locate`."""
    return Toolchain({tool: spec}, cache=cache, search_path=search_path).locate(tool)


def platform_name() -> str:
    """This machine as the catalogue's checksums name it: `linux-amd64`."""
    return f"{platform.system().lower()}-{architecture()}"


def filled(template: str, version: str, on: str) -> str:
    """A template of the catalogue for a version, on a platform."""
    system, _, arch = on.partition("-")
    return template.format(version=version, os=system, arch=arch)


def _keep(program: Path, target: Path) -> None:
    """Let the program take its place, at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    program.chmod(0o755)
    program.replace(target)


def _unpacked(archive: Path, member: str) -> Path:
    """The program from a downloaded archive, beside it."""
    target = archive.parent / "unpacked"
    try:
        with tarfile.open(archive) as tar:
            source = tar.extractfile(member)
            if source:
                with target.open("wb") as file:
                    shutil.copyfileobj(source, file)
                return target
    except (KeyError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DownloadError(f"{archive.name} holds no {member}", context={"cause": str(error)}) from error
    raise DownloadError(f"{member} in {archive.name} is no file")
