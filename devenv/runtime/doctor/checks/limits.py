"""The kernel's limits: inotify and open files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devenv.adapters.host.limits import (
    ENOUGH_INSTANCES,
    ENOUGH_WATCHES,
    INSTANCES,
    SYSTEM_FILES,
    WATCHES,
    Limits,
    observe_limits,
)
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Fix, Kind, Severity

_OF_A_NODE = 32
"""inotify instances that the programs of a node take: systemd, containerd, kubelet, kube-proxy and those of pods."""
_FEW_WATCHES = 65536
_FEW_FILES = 1024
_NEARLY_ALL = 0.9
_KNOWN = "https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files"

EXHAUSTED = Kind(
    "inotify-exhausted",
    Severity.ERROR,
    "No inotify instance is left",
    "nodes end as soon as they start, and `devenv dev` looks at files five times a second instead of being told",
    "One is asked of the kernel, and refused: this user has as many as `fs.inotify.max_user_instances` allows. "
    "Editors, file synchronisation and clusters take them.",
)
FEW_INSTANCES = Kind(
    "inotify-instances",
    Severity.WARNING,
    "There are few inotify instances for a cluster",
    "nodes end with `too many open files` when they are used up",
    f"A node takes about {_OF_A_NODE}. Where root asks, those are counted that root has, who runs what is in nodes; "
    f"else the limit alone is compared. kind [advises]({_KNOWN}) {ENOUGH_INSTANCES}. `sysctl -w` lasts until the "
    "machine is started anew; a file in /etc/sysctl.d lasts.",
)
FEW_WATCHES = Kind(
    "inotify-watches",
    Severity.WARNING,
    "Few files can be watched",
    "`devenv dev` looks at large folders five times a second instead of being told",
    f"`fs.inotify.max_user_watches` is compared with {_FEW_WATCHES}: a folder with packages of Node.js has as many. "
    f"kind [advises]({_KNOWN}) {ENOUGH_WATCHES}.",
)
FEW_FILES = Kind(
    "open-files",
    Severity.WARNING,
    "A process may open few files",
    "loads of images and watches fail with `too many open files`",
    f"The soft limit of this shell is compared with {_FEW_FILES}.",
)
SYSTEM_FULL = Kind(
    "system-files",
    Severity.ERROR,
    "The system has nearly no open files left",
    "every program may fail at any moment",
    "`/proc/sys/fs/file-nr` tells how many files are open in all, and how many may be.",
)


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """Limits, and what a new cluster takes."""

    limits: Limits
    nodes: int
    """Nodes that `devenv up` would make; 0 where the cluster is there."""
    root: bool
    """Whether this user is root."""


def observe(subject: Subject) -> LimitFacts:
    nodes = 1
    if subject.project:
        wanted = subject.project.workspace.project.cluster.nodes
        nodes = wanted.control_planes + wanted.workers if subject.makes_cluster else 0
    return LimitFacts(observe_limits(), nodes, subject.root)


def judge(facts: LimitFacts) -> Iterator[Finding]:
    limits = facts.limits
    if not limits.another_instance:
        summary = f"this user has all {limits.instances} inotify instances that one may have"
        yield _raise(EXHAUSTED, summary, INSTANCES, now=limits.instances, wanted=ENOUGH_INSTANCES, root=facts.root)
    elif limits.instances is not None and facts.nodes:
        used, needed = limits.instances_of_root or 0, facts.nodes * _OF_A_NODE
        if limits.instances - used < needed:
            counted = f", {used} of them in use" if limits.instances_of_root is not None else ""
            summary = (
                f"root may have {limits.instances} inotify instances{counted}, and the cluster takes about {needed}"
            )
            wanted = max(ENOUGH_INSTANCES, used + 2 * needed)
            yield _raise(FEW_INSTANCES, summary, INSTANCES, now=limits.instances, wanted=wanted, root=facts.root)
    if limits.watches is not None and limits.watches < _FEW_WATCHES:
        summary = f"{limits.watches} files can be watched by one user"
        yield _raise(FEW_WATCHES, summary, WATCHES, now=limits.watches, wanted=ENOUGH_WATCHES, root=facts.root)
    if 0 <= limits.open_files < _FEW_FILES:
        yield FEW_FILES.found(f"this shell's programs may open {limits.open_files} files", "ulimit -n 4096")
    if limits.system_files and limits.system_files[0] > _NEARLY_ALL * limits.system_files[1]:
        opened, most = limits.system_files
        summary = f"{opened} of {most} files are open"
        yield _raise(SYSTEM_FULL, summary, SYSTEM_FILES, now=most, wanted=2 * most, root=facts.root)


def _raise(kind: Kind, summary: str, name: str, *, now: int | None, wanted: int, root: bool) -> Finding:
    """A finding that a higher limit mends; only root may set one, and sets it back."""
    command = ("sysctl", "-w", f"{name}={wanted}")
    if not root:
        return kind.found(summary, f"sudo {' '.join(command)}")
    fix = Fix(f"Raise {name} from {now} to {wanted}, until the next start", (command,), f"sysctl -w {name}={now}")
    return kind.found(summary, fix.typed, fix=fix)


CHECK = Check(
    "the kernel's limits",
    observe,
    judge,
    (EXHAUSTED, FEW_INSTANCES, FEW_WATCHES, FEW_FILES, SYSTEM_FULL),
    before_up=True,
)
