"""The file systems of what devenv keeps and of the project's sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devenv.adapters.files.paths import cache_dir, state_root
from devenv.adapters.host.file_systems import FileSystem, observe_file_system
from devenv.adapters.host.machine import file_system_kind
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity

_SLOW = {
    "9p": "a folder of Windows",
    "drvfs": "a folder of Windows",
    "v9fs": "a folder of Windows",
    "virtiofs": "a folder of the host",
    "vboxsf": "a folder of the host",
    "prl_fs": "a folder of the host",
    "osxfs": "a folder of the host",
    "grpcfuse": "a folder of the host",
    "fuse.grpcfuse": "a folder of the host",
    "fuse.sshfs": "a folder of another machine",
    "nfs": "a folder of another machine",
    "nfs4": "a folder of another machine",
    "cifs": "a folder of another machine",
    "smb3": "a folder of another machine",
}

SLOW = Kind(
    "file-system-slow",
    Severity.WARNING,
    "A folder is on a slow mount",
    "each run reads all sources, which takes many times as long there, and changes are not told to `devenv dev`",
    "A folder of Windows under WSL2 is read over a protocol, as is one of the host in a virtual machine or of a "
    "server. Keep the sources in the file system of the Linux that devenv runs in, and point XDG_CACHE_HOME and "
    "XDG_STATE_HOME there.",
)
MODES = Kind(
    "file-modes",
    Severity.WARNING,
    "A folder does not keep files' rights",
    "the private key of the local CA and the kubeconfig are readable by others",
    "A file is made and given to its owner alone, which FAT, exFAT and folders of Windows do not keep.",
)
LINKS = Kind(
    "hard-links",
    Severity.NOTE,
    "A folder has no hard links",
    "programs that share files by them (uv, pnpm, Go's caches) copy instead, and some refuse",
    "A file is linked in the folder's file system. devenv itself needs none.",
)
READ_ONLY = Kind(
    "folder-unusable",
    Severity.ERROR,
    "A folder that devenv needs cannot be written",
    "commands end with the error `folder-unusable` or `disk-full`",
    "Caches are in XDG_CACHE_HOME (`~/.cache`) and states in XDG_STATE_HOME (`~/.local/state`).",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder and what it is for."""

    what: str
    """`cache`, `state` or `project`."""
    file_system: FileSystem


def observe(subject: Subject) -> tuple[Place, ...]:
    folders = {"cache": cache_dir(create=False), "state": state_root(create=False)}
    places = [Place(what, observe_file_system(folder)) for what, folder in folders.items()]
    if subject.project:
        # Nothing is tried in it: whoever watches the sources would see that.
        root = subject.project.workspace.root
        places.append(Place("project", FileSystem(root, file_system_kind(root), writable=True)))
    return tuple(places)


def judge(places: tuple[Place, ...]) -> Iterator[Finding]:
    for place in places:
        found = place.file_system
        if kind := _SLOW.get(found.kind):
            yield SLOW.found(f"the {place.what} {found.folder} is {kind} ({found.kind})", _elsewhere(place))
        if place.what == "project":
            continue
        if not found.writable:
            yield READ_ONLY.found(f"the {place.what} {found.folder} cannot be written", _elsewhere(place))
        if not found.modes:
            yield MODES.found(f"the {place.what} {found.folder} ({found.kind}) does not keep rights", _elsewhere(place))
        if not found.hard_links:
            yield LINKS.found(f"the {place.what} {found.folder} ({found.kind}) has none", _elsewhere(place))


def _elsewhere(place: Place) -> str:
    if place.what == "project":
        return "move the project to a file system of this machine's own: below your home folder"
    return f"export XDG_{place.what.upper()}_HOME=FOLDER    # one of this machine's own file systems"


CHECK = Check("the file systems", observe, judge, (SLOW, MODES, LINKS, READ_ONLY))
