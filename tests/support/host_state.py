"""What a host consists of, as far as an environment could change it: compared before `up` and after `down`."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from devenv.adapters.process import administrators_path, find_program

_WATCHED = ("/etc", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib/docker")
_OF_HOME = (".kube", ".docker", ".aws", ".config", ".ssh", ".local/share")
_LEFT = (".docker/.buildNodeID", ".config/go/telemetry/")
"""By a first build of the docker command line, as README.md says, and by every run of Go, which counts them there."""
_TEMPORARY = ("/tmp", "/var/tmp", "/run", "/dev/shm")  # noqa: S108 -- looked at only
_OF_THE_ENGINE = ("/run/docker/", "/var/run/docker/", "/var/lib/docker/")
"""What it mounts for itself, such as the namespace of the host's network; containers are compared apart."""
_COUNTERS = re.compile(r"\[\d+:\d+\]")


def host_state() -> dict[str, set[str]]:
    """Everything that must be after `down` as it was before `up`, by kind."""
    return {
        "files": {line for folder in _folders() for line in _files(folder) if not any(left in line for left in _LEFT)},
        "temporary files": {str(p) for folder in _TEMPORARY for p in Path(folder).glob("*devenv*") if _is_not_ours(p)},
        "mounts": {place for place in _mounts() if not place.startswith(_OF_THE_ENGINE)},
        "links": set(os.listdir("/sys/class/net")),  # noqa: PTH208 -- names alone
        "rules": {_COUNTERS.sub("", line) for table in ("iptables-save", "ip6tables-save") for line in _rules(table)},
        "settings": {_setting(name) for name in ("net/ipv4/ip_forward", "fs/inotify/max_user_instances")},
    }


def differences(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, tuple[set[str], set[str]]]:
    """What came and what went, by kind, where anything did."""
    changed = {kind: (after[kind] - found, found - after[kind]) for kind, found in before.items()}
    return {kind: (came, went) for kind, (came, went) in changed.items() if came or went}


def _mounts() -> list[str]:
    return [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]


def _folders() -> list[Path]:
    return [*map(Path, _WATCHED), *(Path.home() / name for name in _OF_HOME)]


def _files(folder: Path) -> list[str]:
    """Files with their sizes and when they were last written."""
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            facts = os.lstat(Path(root, name))
            found.append(f"{root}/{name} {facts.st_size} {facts.st_mtime_ns}")
    return found


def _is_not_ours(path: Path) -> bool:
    """Whether it is none of the tests' own."""
    return "devenv-test" not in path.name


def _rules(program: str) -> list[str]:
    found = find_program(program, path=administrators_path())
    if found is None or os.geteuid() != 0:
        return []
    reported = subprocess.run([found], capture_output=True, text=True, check=True).stdout
    return [line for line in reported.splitlines() if not line.startswith("#")]


def _setting(name: str) -> str:
    return f"{name}={Path('/proc/sys', name).read_text().strip()}"
