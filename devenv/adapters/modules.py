"""Files of Go modules at pinned versions, fetched by Go's own client, which verifies them.

Responsible for the cache of modules. The checksum that the client reports is compared with the pinned one
before the files appear in the cache, so what is in the cache is what was pinned.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi

from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.paths import cache_dir, data_root
from devenv.adapters.process import find_program, run
from devenv.adapters.trust import observe_proxies
from devenv.errors import ChecksumError, CommandFailedError, DownloadError

_SECONDS = 900.0
_OLDEST_GO = (1, 21)
"""From then on a Go program downloads modules that ask for newer ones."""
_PASSED_ON = ("GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB")
"""The user's settings that a build container gets too; none that switches verification off altogether."""
_MODULE_FILE = "module.json"


@dataclass(frozen=True)
class _Fetch:
    module: str
    version: str
    work: Path
    """A folder that is removed afterwards."""
    cancel: threading.Event | None
    on_line: Callable[[str], None] | None

    def __str__(self) -> str:
        return f"{self.module}@{self.version}"


def cached_module(module: str, version: str) -> Path | None:
    """The folder of a module that has been fetched, or None."""
    folder = _folder(module, version)
    return folder if folder.is_dir() else None


def needs_container() -> bool:
    """Whether fetching takes the build container, because the host has no Go that is new enough."""
    return _host_go() is None


def fetch_module(
    module: str,
    version: str,
    checksum: str,
    *,
    engine: Engine,
    golang: str,
    ca_bundle: Path | None = None,
    cancel: threading.Event | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Path:
    """The folder of a module's files; fetched unless it is in the cache.

    Args:
        module: its path, `github.com/traefik/traefik/v3`.
        version: `v3.6.12`.
        checksum: `h1:…` as go.sum records it.
        engine: runs the build container where the host has no Go.
        golang: reference of the image with Go; must be in the engine when `needs_container`.
        ca_bundle: certificates for the build container.
        cancel: stops the download.
        on_line: gets what the client prints.

    Raises:
        ChecksumError: the files are not those that were pinned.
        DownloadError: they cannot be had.
    """
    folder = _folder(module, version)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as work:
        fetch = _Fetch(module, version, Path(work), cancel, on_line)
        if go := _host_go():
            files, told = _with_host_go(go, fetch)
        else:
            files, told = _with_container(engine, _request(fetch, golang, ca_bundle), fetch)
        if told.get("Sum") != checksum:
            raise ChecksumError(
                f"module {module}@{version} is not the one that was pinned",
                context={"pinned": checksum, "fetched": str(told.get("Sum"))},
                hint="see whether the version was published anew; the pin is in versions.yaml",
            )
        try:
            files.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run has put the same files there meanwhile
                raise
    return folder


def _folder(module: str, version: str) -> Path:
    return cache_dir() / "modules" / f"{module}@{version}"


def _host_go() -> Path | None:
    go = find_program("go")
    if go is None:
        return None
    version = run([str(go), "env", "GOVERSION"], env={"GOTOOLCHAIN": "local"}, check=False).stdout
    found = re.match(r"go(\d+)\.(\d+)", version)
    return go if found and (int(found[1]), int(found[2])) >= _OLDEST_GO else None


def _with_host_go(go: Path, fetch: _Fetch) -> tuple[Path, Mapping[str, Any]]:
    """Into a module cache of this download's own, which the files are then moved out of."""
    environment = {
        "GOMODCACHE": str(fetch.work / "cache"),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    done = run(
        [str(go), "mod", "download", "-json", str(fetch)],
        env=environment,
        cwd=fetch.work,
        timeout=_SECONDS,
        cancel=fetch.cancel,
        check=False,
        on_line=fetch.on_line,
        what=f"fetch module {fetch}",
    )
    told = _parse(done.stdout)
    if done.status != 0 or "Dir" not in told:
        raise _download_error(fetch, str(told.get("Error") or done.stderr))
    return Path(told["Dir"]), told


def _with_container(engine: Engine, request: BuildRequest, fetch: _Fetch) -> tuple[Path, Mapping[str, Any]]:
    """In a build, which shares its cache of modules with the builds of images."""
    try:
        engine.build(request, fetch.on_line, fetch.cancel)
    except CommandFailedError as error:
        raise _download_error(fetch, error.output) from error
    try:
        engine.copy_tree_out(request.reference, "/module", fetch.work)
    finally:
        engine.remove_images([request.reference])
    files = fetch.work / "module"
    told = _parse((files / _MODULE_FILE).read_text())
    (files / _MODULE_FILE).unlink()
    return files, told


def _request(fetch: _Fetch, golang: str, ca_bundle: Path | None) -> BuildRequest:
    recipe = data_root() / "cluster" / "modules"
    settings = {name: value for name in _PASSED_ON if (value := os.environ.get(name))}
    return BuildRequest(
        reference=f"localhost/devenv/module:{uuid.uuid4().hex}",
        dockerfile=recipe / "Dockerfile",
        context=recipe,
        args={
            **observe_proxies().variables(),
            **settings,
            "GOLANG": golang,
            "MODULE": fetch.module,
            "VERSION": fetch.version,
        },
        secrets={"ca": ca_bundle or Path(certifi.where())},
    )


def _parse(text: str) -> Mapping[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _download_error(fetch: _Fetch, cause: str) -> DownloadError:
    return DownloadError(
        f"module {fetch} cannot be fetched",
        context={"cause": cause.strip()},
        hint="see that the Go module proxy can be reached (GOPROXY, HTTPS_PROXY)",
    )
