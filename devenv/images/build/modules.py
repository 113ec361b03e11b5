"""Go modules whose files (charts, CRDs) are used as they are, fetched by Go itself and verified.

Responsible for having a module's files in the cache. The host's Go does it where there is one, else one in a
build container; both ask Go's checksum database, and both must find the checksum that the catalogue pins.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import certifi

from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.files.paths import cache_dir
from devenv.adapters.files.scratch import scratch
from devenv.adapters.host.trust import observe_proxies
from devenv.adapters.process import find_program, run
from devenv.errors import ChecksumError, CommandFailedError, DownloadError
from devenv.images.content.fingerprint import hash_of
from devenv.spec.stack import StackSpec
from devenv.spec.versions import ModuleVersion

GOLANG = "golang"
"""The image that Go fetches modules in, where the host has no Go."""
_SECONDS = 900.0
_OLDEST_GO = (1, 21)
"""The first Go that fetches another toolchain when a module asks for it."""
_PASSED_ON = ("GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB")
"""The user's settings that the build container gets too; none that switches verification off altogether."""
_CA_SECRET = "ca"  # noqa: S105 -- the name of a build secret


@dataclass(frozen=True, slots=True)
class Module:
    """A module at a version, with the checksum of its files as in go.sum."""

    path: str
    version: str
    checksum: str

    @property
    def folder(self) -> Path:
        """Where its files are once they have been fetched."""
        escaped = re.sub(r"[A-Z]", lambda letter: f"!{letter[0].lower()}", self.path)
        return cache_dir() / "modules" / f"{escaped}@{self.version}-{hash_of(self.checksum)[:12]}"

    @property
    def cached(self) -> bool:
        """Whether its files are there."""
        return self.folder.is_dir()


def modules_of(stacks: Iterable[StackSpec], pinned: Mapping[str, ModuleVersion]) -> list[Module]:
    """The modules that hold sources of stacks, at the versions of the catalogue."""
    names = {name for stack in stacks for name in stack.modules}
    return [Module(name, pinned[name].version, pinned[name].sum) for name in sorted(names)]


def go_on_path() -> Path | None:
    """The host's Go, if there is one that is new enough."""
    program = find_program("go")
    if program is None:
        return None
    found = re.search(r"go(\d+)\.(\d+)", run([str(program), "version"], check=False).stdout)
    return program if found and (int(found[1]), int(found[2])) >= _OLDEST_GO else None


def fetch_with_go(
    module: Module, go: Path, *, cancel: threading.Event, on_line: Callable[[str], None] | None = None
) -> Path:
    """Fetch a module with the host's Go; returns its folder.

    Raises:
        DownloadError: it cannot be had.
        ChecksumError: it is not the pinned one.
    """
    with _staging(module) as folder:
        try:
            done = run(
                [str(go), "mod", "download", "-json", f"{module.path}@{module.version}"],
                env={"GOFLAGS": "-modcacherw", "GOMODCACHE": str(folder / "cache"), "GOTOOLCHAIN": "auto"},
                cwd=folder,
                timeout=_SECONDS,
                cancel=cancel,
                on_line=on_line,
                what=f"fetch module {module.path}@{module.version}",
            )
        except CommandFailedError as error:
            raise _unavailable(module, error) from error
        answer = json.loads(done.stdout)
        if answer["Sum"] != module.checksum:
            raise ChecksumError(
                f"module {module.path}@{module.version} is not the pinned one",
                context={"pinned": module.checksum, "found": answer["Sum"]},
            )
        return _keep(Path(answer["Dir"]), module)


def fetch_in_container(
    module: Module,
    engine: Engine,
    recipe: Path,
    golang: str,
    ca_bundle: Path | None,
    *,
    cancel: threading.Event,
    on_line: Callable[[str], None] | None = None,
    buildx: Path | None = None,
) -> Path:
    """Fetch a module in a build container; returns its folder.

    Args:
        module: what to fetch.
        engine: where the build runs.
        recipe: folder of the Dockerfile.
        golang: reference of the Go image.
        ca_bundle: certificates that the build trusts.
        cancel: stops it.
        on_line: called with each line that the build prints.
        buildx: the program that builds, where there is one.

    Raises:
        DownloadError: it cannot be had, or is not the pinned one.
    """
    request = container_request(module, recipe, golang, ca_bundle)
    with _staging(module) as folder:
        try:
            engine.builds.run(request, on_line, cancel, buildx=buildx)
        except CommandFailedError as error:
            raise _unavailable(module, error) from error
        archive = folder / "module.tar"
        engine.files.copy_out(request.reference, "/module.tar", archive)
        engine.images.remove([request.reference])
        with tarfile.open(archive) as tar:
            # As an attribute: the argument of that name came with Python 3.11.4, which older ones refuse.
            tar.extraction_filter = getattr(tarfile, "data_filter", _trusted)
            tar.extractall(folder / "files")  # noqa: S202 -- filtered where Python can; verified by its checksum
        return _keep(folder / "files", module)


def container_request(module: Module, recipe: Path, golang: str, ca_bundle: Path | None) -> BuildRequest:
    """The build that fetches a module; proxies and the user's Go settings may hold passwords."""
    return BuildRequest(
        reference=f"localhost/devenv/go-module:{hash_of(module.path, module.version, module.checksum)[:12]}",
        dockerfile=recipe / "Dockerfile",
        context=recipe,
        args={"GOLANG": golang, "MODULE": module.path, "VERSION": module.version, "SUM": module.checksum},
        private_args={
            **observe_proxies().variables(),
            **{name: value for name in _PASSED_ON if (value := os.environ.get(name))},
        },
        secrets={_CA_SECRET: ca_bundle or Path(certifi.where())},
    )


@contextmanager
def _staging(module: Module) -> Iterator[Path]:
    """A folder on the file system of the module's own, so that its files can be moved there in one step."""
    module.folder.parent.mkdir(parents=True, exist_ok=True)
    with scratch() as folder:
        yield folder


def _keep(files: Path, module: Module) -> Path:
    if not module.cached:
        shutil.move(files, module.folder)
    return module.folder


def _trusted(member: tarfile.TarInfo, _path: str) -> tarfile.TarInfo:
    return member


def _unavailable(module: Module, error: CommandFailedError) -> DownloadError:
    if "is not the pinned" in error.output:
        return ChecksumError(
            f"module {module.path}@{module.version} is not the pinned one",
            context={"pinned": module.checksum, "last lines": error.output},
        )
    return DownloadError(
        f"module {module.path}@{module.version} cannot be fetched",
        context={"last lines": error.output},
        hint="see whether the Go module proxy answers: go env GOPROXY",
    )
