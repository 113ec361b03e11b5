"""The distribution's packages, by apt: what is installed, and installing more.

Responsible for Debian and Ubuntu as root. Services are kept from starting by themselves where no systemd
runs, since devenv starts its engine with a configuration of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devenv.adapters.host import Host
from devenv.adapters.process import find_program, run

_POLICY = Path("/usr/sbin/policy-rc.d")
_DENY = "#!/bin/sh\n# Made by devenv while it installs packages: no service starts by itself.\nexit 101\n"
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
_OPTIONS = ("-q", "-y", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120")
_INSTALL_SECONDS = 900.0


def can_install(host: Host) -> bool:
    """Whether devenv may install packages here: apt, and the rights to use it."""
    return host.system == "linux" and host.root and "debian" in host.os_like and find_program("apt-get") is not None


def missing(names: Sequence[str]) -> list[str]:
    """Those of the packages that are not installed."""
    argv = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *names]
    done = run(argv, check=False, what="list installed packages")
    present = {line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in present]


def install(
    names: Sequence[str],
    host: Host,
    *,
    on_line: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
) -> list[str]:
    """Install what is missing of `names`, without recommended packages; returns what was missing.

    Raises:
        CommandFailedError: apt-get failed.
    """
    wanted = missing(names)
    if not wanted:
        return []
    run(
        ["apt-get", "update", *_OPTIONS],
        env=_QUIET,
        timeout=_INSTALL_SECONDS,
        cancel=cancel,
        on_line=on_line,
        what="update the package lists",
    )
    with _services_held(host):
        run(
            ["apt-get", "install", *_OPTIONS, "--no-install-recommends", *wanted],
            env=_QUIET,
            timeout=_INSTALL_SECONDS,
            cancel=cancel,
            on_line=on_line,
            what=f"install {', '.join(wanted)}",
        )
    return wanted


@contextmanager
def _services_held(host: Host) -> Iterator[None]:
    """Deny service starts (policy-rc.d) while packages are installed, unless systemd or a policy is there."""
    if host.systemd or _POLICY.exists():
        yield
        return
    _POLICY.write_text(_DENY)
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
