"""What kinds of machines bring with them: WSL2, SELinux, firewalld, AppArmor."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import EngineUnavailableError
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity

_KNOWN = "https://kind.sigs.k8s.io/docs/user/known-issues"
_WSL = "microsoft"

WSL = Kind(
    "wsl",
    Severity.NOTE,
    "This is WSL2",
    "events of files get lost, so `devenv dev` looks at files five times a second; the virtual machine has half of "
    "the memory unless told otherwise",
    "Memory and processors are set in `%UserProfile%\\.wslconfig`: [Microsoft's "
    "page](https://learn.microsoft.com/en-us/windows/wsl/wsl-config). Keep the sources in Linux's own file system; "
    "[microsoft/WSL#4739](https://github.com/microsoft/WSL/issues/4739) is why events of files are not relied upon.",
)
SELINUX = Kind(
    "selinux",
    Severity.NOTE,
    "SELinux enforces its rules",
    "on some versions of Fedora nodes do not start",
    f"kind [knows of it]({_KNOWN}#selinux): where a node's log tells of `/dev/dma_heap`, its label is wrong, and "
    "`sudo restorecon -R /dev` or `sudo setenforce 0` helps. A configuration of your own that mounts folders into "
    "nodes has to label them.",
)
FIREWALLD = Kind(
    "firewalld",
    Severity.WARNING,
    "firewalld keeps its rules in nftables",
    "nodes may not reach each other or the outside",
    f"kind [knows of it]({_KNOWN}#firewalld): with `FirewallBackend=iptables` in /etc/firewalld/firewalld.conf and "
    "a restart of firewalld they do.",
)
APPARMOR = Kind(
    "apparmor-namespaces",
    Severity.WARNING,
    "AppArmor keeps users from namespaces of their own, and the engine is rootless",
    "the engine or its containers do not start",
    "Ubuntu 23.10 and later set `kernel.apparmor_restrict_unprivileged_userns`. [Docker's page on rootless "
    "mode](https://docs.docker.com/engine/security/rootless/troubleshoot/) has a profile for rootlesskit.",
)


@dataclass(frozen=True, slots=True)
class PlatformFacts:
    """What kind of machine this is."""

    kernel: str
    """Release of the kernel."""
    selinux_enforces: bool = False
    firewalld_backend: str = ""
    """`nftables` or `iptables` where firewalld runs; empty elsewhere."""
    apparmor_restricts: bool = False
    rootless: bool = False
    """Whether the engine is."""


def observe(subject: Subject) -> PlatformFacts:
    try:
        rootless = subject.version.get().rootless
    except EngineUnavailableError:
        rootless = False
    return read_platform(Path("/"), os.uname().release, rootless=rootless)


def read_platform(root: Path, kernel: str, *, rootless: bool) -> PlatformFacts:
    """Read it from a file system."""
    return PlatformFacts(
        kernel,
        _text(root / "sys/fs/selinux/enforce") == "1",
        _firewalld(root),
        _text(root / "proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1",
        rootless,
    )


def judge(facts: PlatformFacts) -> Iterator[Finding]:
    if _WSL in facts.kernel.lower():
        yield WSL.found(f"the kernel is {facts.kernel}", "notepad.exe %UserProfile%\\.wslconfig    # in Windows")
    if facts.selinux_enforces:
        yield SELINUX.found("getenforce says Enforcing", "sudo restorecon -R /dev    # where nodes do not start")
    if facts.firewalld_backend == "nftables":
        remedy = "sudo sed -i s/^FirewallBackend=.*/FirewallBackend=iptables/ /etc/firewalld/firewalld.conf"
        yield FIREWALLD.found("its backend is nftables", f"{remedy}; sudo systemctl restart firewalld docker")
    if facts.rootless and facts.apparmor_restricts:
        remedy = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        yield APPARMOR.found("kernel.apparmor_restrict_unprivileged_userns is 1", remedy)


def _firewalld(root: Path) -> str:
    """Its backend where it runs: nftables unless its configuration says otherwise."""
    if not (root / "run/firewalld.pid").exists() and not (root / "run/firewalld").is_dir():
        return ""
    found = re.search(r"^FirewallBackend=(\w+)", _text(root / "etc/firewalld/firewalld.conf"), re.MULTILINE)
    return found[1] if found else "nftables"


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:  # not there, or root's alone
        return ""


CHECK = Check("the kind of machine", observe, judge, (WSL, SELINUX, FIREWALLD, APPARMOR))
