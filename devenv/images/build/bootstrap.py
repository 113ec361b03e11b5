"""Making a Debian image from the distribution's packages, where packages can be had but no registry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.adapters.docker import Engine
from devenv.adapters.files.scratch import scratch
from devenv.adapters.process import administrators_path, find_program, run
from devenv.errors import CommandFailedError, ImageError, ToolMissingError

if TYPE_CHECKING:
    import threading

_SECONDS = 1800.0
_CHUNK = 1 << 20
_WORK = "/var/tmp"  # noqa: S108 -- the script makes a folder of its own in it
"""Where a system is put together: many a /tmp (Debian 13's) is mounted `nodev`, which debootstrap refuses."""

_HINT = (
    "see that deb.debian.org, or the mirror in MIRROR, can be reached over http, and that {work} is mounted without "
    "noexec and nodev (TMPDIR names another folder)"
)


def bootstrap(
    engine: Engine,
    script: Path,
    suite: str,
    reference: str,
    *,
    progress: Callable[[str], None],
    output: Callable[[str], None],
    cancel: threading.Event | None = None,
) -> None:
    """Bootstrap a Debian suite and import it as an image.

    The tar goes through a file: only one that is whole becomes an image.

    Raises:
        ImageError: not root, or the bootstrap failed.
        ToolMissingError: debootstrap is not installed.
    """
    path, work = administrators_path(), os.environ.get("TMPDIR", _WORK)
    _check_host(suite, path)

    def report(line: str) -> None:
        output(line)
        if line.startswith("I: "):
            progress(line.removeprefix("I: "))

    with scratch() as folder:
        archive = folder / f"{suite}.tar"
        try:
            run(
                # The shell only redirects: the script prints the tar on its standard output.
                ["/bin/sh", "-c", 'exec "$0" "$1" >"$2"', str(script), suite, str(archive)],
                env={"PATH": path, "TMPDIR": work},
                timeout=_SECONDS,
                cancel=cancel,
                on_line=report,
                what=f"bootstrap Debian {suite}",
            )
        except CommandFailedError as error:
            raise ImageError(
                f"bootstrap of Debian {suite} failed",
                context=error.context,
                hint=_HINT.format(work=work),
            ) from error
        progress("import")
        engine.images.import_tar(_chunks(archive), reference, ['CMD ["bash"]'])


def _check_host(suite: str, path: str) -> None:
    if os.geteuid() != 0:
        raise ImageError(
            f"the image of Debian {suite} can only be bootstrapped by root",
            hint=(
                'sudo "$(command -v devenv)" pull    # once: what root has built stays in the engine, and you go on as '
                "yourself; or run devenv where docker.io can be reached"
            ),
        )
    if find_program("debootstrap", path=path) is None:
        raise ToolMissingError(
            f"debootstrap is missing, which makes the image of Debian {suite}",
            hint="apt-get install --no-install-recommends debootstrap",
        )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
