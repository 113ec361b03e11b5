"""The distribution's packages, by apt: what is installed, and installing more.

Responsible for Debian and Ubuntu as root. Services are kept from starting by themselves where no systemd runs, since
devenv starts its engine with a configuration of its own. Nothing of apt or dpkg is ever killed: a run that was stopped,
or lost its machine, is repaired by the next.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.host.system import Host
from devenv.adapters.process import OnLine, find_program, run, run_shielded
from devenv.errors import CommandFailedError, InterruptedRunError

_MARK = "# Made by devenv while it installs packages: no service starts by itself."
_HELD = f"""
printf '#!/bin/sh\\n%s\\nkill -0 %s 2>/dev/null && exit 101\\nexit 0\\n' '{_MARK}' "$$" >"$0"
chmod 755 "$0"
exec 9> >(cat >/dev/null; rm -f "$0")
exec "$@"
"""
"""Runs a program while a policy denies service starts. The reader in the last line but one ends when the program does,
however it ends, and whoever lives then. Where even that is lost, the policy denies nothing once the program is gone."""
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
_OPTIONS = ("-q", "-y", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120")
_LOCK_SECONDS = 120.0
_UPDATE_SECONDS = 900.0
_TICK = 0.5
"""Seconds between two tries at dpkg's lock: the kernel's own wait could not be stopped."""


def can_install(host: Host) -> bool:
    """Whether devenv may install packages here: apt, and the rights to use it."""
    return host.system == "linux" and host.root and "debian" in host.os_like and find_program("apt-get") is not None


@dataclass(frozen=True)
class Packages:
    """apt and dpkg of this host."""

    host: Host
    log: Path
    """What they print, across runs."""
    policy: Path = Path("/usr/sbin/policy-rc.d")
    lock: Path = Path("/var/lib/dpkg/lock-frontend")
    updates: Path = Path("/var/lib/dpkg/updates")
    """Where dpkg notes what it has done since it wrote its list of packages; apt refuses to work over such notes."""

    @staticmethod
    def missing(names: Sequence[str]) -> list[str]:
        """Those of the packages that are not installed, or not to the end."""
        argv = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *names]
        done = run(argv, check=False, what="list installed packages")
        present = {line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")}
        return [name for name in names if name not in present]

    def install(
        self, names: Sequence[str], *, on_line: OnLine | None = None, cancel: threading.Event | None = None
    ) -> None:
        """Install packages without those that they recommend, after repairing what a former run left half done.

        Raises:
            CommandFailedError: apt-get or dpkg failed.
            InterruptedRunError: `cancel` was set; what was begun has been brought to an end that apt can go on from.
        """
        cancel = cancel or threading.Event()
        whole = self._repair(on_line, cancel)
        run(
            ["apt-get", "update", *_OPTIONS],
            env=_QUIET,
            timeout=_UPDATE_SECONDS,
            cancel=cancel,
            on_line=on_line,
            what="update the package lists",
        )
        install = ["apt-get", "install", *_OPTIONS, "--no-install-recommends"]
        if not whole:
            # A package was unpacked and what it depends on was not: apt does nothing else before that is there.
            argv = [*install, "--fix-broken", "--no-remove"]
            self._run(argv, on_line, cancel, "complete packages that were left half installed")
        self._run([*install, *names], on_line, cancel, f"install {', '.join(names)}")

    def _repair(self, on_line: OnLine | None, cancel: threading.Event) -> bool:
        """Configure what was unpacked and not configured, whether it can be; takes away a policy that a run lost."""
        if self._is_ours(self.policy):
            self._await_lock(cancel)  # whose it is may still be at work
            self.policy.unlink(missing_ok=True)
        if not self._is_torn():
            return True
        self._await_lock(cancel)
        # It is not to be stopped: there is nothing that could be gone on from any sooner.
        argv = ["dpkg", "--configure", "-a"]
        try:
            self._run(argv, on_line, threading.Event(), "configure packages that were left half installed")
        except CommandFailedError:
            return False  # apt has the words for what is left, if it cannot repair it
        return True

    def _is_torn(self) -> bool:
        if self.updates.is_dir() and any(note.name.isdigit() for note in self.updates.iterdir()):
            return True
        return bool(run(["dpkg", "--audit"], check=False, what="look for half installed packages").stdout.strip())

    def _run(self, argv: list[str], on_line: OnLine | None, cancel: threading.Event, what: str) -> None:
        """Run apt or dpkg, with service starts denied unless systemd or a policy of the administrator's is there."""
        free = self.host.systemd or (self.policy.exists() and not self._is_ours(self.policy))
        held = argv if free else ["/bin/bash", "-c", _HELD, str(self.policy), *argv]
        run_shielded(held, log=self.log, env=_QUIET, cancel=cancel, on_line=on_line, what=what)

    @staticmethod
    def _is_ours(policy: Path) -> bool:
        return policy.is_file() and _MARK in policy.read_text(errors="replace")

    def _await_lock(self, cancel: threading.Event) -> None:
        """Wait until no other apt or dpkg is at work, two minutes at most: dpkg's own words tell of it then."""
        deadline = time.monotonic() + _LOCK_SECONDS
        with self.lock.open("a") as file:
            while time.monotonic() < deadline:
                try:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if cancel.wait(_TICK):
                        raise InterruptedRunError("stopped while another program installs packages") from None
                else:
                    return
