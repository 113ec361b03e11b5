"""Build contexts made at random, and what a builder is really sent of them."""

from __future__ import annotations

import os
import random
import socket
import stat
import tarfile
from collections.abc import Sequence
from pathlib import Path

from devenv.adapters.process import Completed, run

NAMES = (
    "a",
    "b",
    "ab",
    "a b",
    "ü",
    "A.md",
    "x.md",
    ".x",
    "c+d",
    "[x]",
    "a*b",
    "!n",
    "#h",
    "n$",
    "^q",
    "a\\b",
    "{a}",
    "(1)",
)
PIECES = (
    "*",
    "**",
    "?",
    "[ab]",
    "[^a]",
    "[a-c]*",
    "\\*",
    "*.md",
    "a**",
    "**b",
    "..",
    ".",
    "",
    "***",
    "\\[x\\]",
    "[",
    "^a*",
)
MODES = (0o644, 0o644, 0o755, 0o600, 0o664, 0o400, 0o4755, 0o1777, 0o2750)
Sent = dict[str, tuple[int, int, str]]
"""Path to the kind (as stat has it), the mode and a link's target."""


def make_context(folder: Path, chance: random.Random) -> None:
    """Files, folders, links and special files, and a .dockerignore in one of its forms."""
    folder.mkdir()
    folders = [folder]
    for _ in range(chance.randrange(2, 14)):
        _make_entry(chance.choice(folders) / chance.choice(NAMES), folders, chance)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    text = ignore_text(chance)
    form = chance.randrange(8)
    if form == 0:
        (folder / "Dockerfile.dockerignore").write_bytes(text)
    if form == 1:
        (folder / "rules").write_bytes(text)
        (folder / ".dockerignore").symlink_to(chance.choice(["rules", "/rules", "../rules", "../../x/../rules"]))
    elif form == 2:
        (folder.parent / f"{folder.name}.rules").write_bytes(text)
        (folder / ".dockerignore").symlink_to(f"../{folder.name}.rules")
    elif form == 3:
        (folder / ".dockerignore").mkdir()
    elif form > 3 or chance.random() < 0.5:
        (folder / ".dockerignore").write_bytes(text)


def _make_entry(path: Path, folders: list[Path], chance: random.Random) -> None:
    if path.exists() or path.is_symlink():
        return
    kind = chance.randrange(20)
    if kind < 9:
        path.write_text(path.name)
        path.chmod(chance.choice(MODES))
    elif kind < 17:
        path.mkdir()
        path.chmod(chance.choice((0o755, 0o755, 0o700, 0o2775)))
        folders.append(path)
    elif kind < 19:
        path.symlink_to(chance.choice(("a", "../b", "/a", "nowhere", ".")))
    else:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket is short
        try:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path.name)
        finally:
            os.chdir(here)


def ignore_text(chance: random.Random) -> bytes:
    """Lines as people write them, and as nobody should."""
    lines = []
    for _ in range(chance.randrange(1, 6)):
        pieces = [chance.choice(NAMES if chance.random() < 0.5 else PIECES) for _ in range(chance.randrange(1, 4))]
        line = "/".join(pieces)
        line = chance.choice(["", "", "", "!", "!", "! ", "/", "!/", " ", "#", "./", "!!"]) + line
        lines.append(line + chance.choice(["", "", "", "/", "/**", "/*", " ", "\t", "\u00a0"]))
    start = chance.choice(["", "", "", "\ufeff"])
    return (start + chance.choice(["\n", "\r\n"]).join(lines) + chance.choice(["", "\n"])).encode()


def build(buildx: Path, context: Path, archive: Path, *options: str) -> Completed:
    """Have the engine's builder write what it makes of a context as a tar."""
    argv = [str(buildx), "build", "--builder", "default", "--output", f"type=tar,dest={archive}", *options]
    env = {"BUILDX_CONFIG": str(archive.parent / "buildx")}  # else it keeps references of these builds in ~/.docker
    return run([*argv, str(context)], env=env, check=False, timeout=120, what=f"build {context.name}")


def read_archive(archive: Path) -> Sent:
    """What a `COPY . /` of the whole context has made."""
    kinds = {tarfile.SYMTYPE: stat.S_IFLNK, tarfile.DIRTYPE: stat.S_IFDIR}
    with tarfile.open(archive) as tar:
        return {
            member.name.rstrip("/"): (
                kinds.get(member.type, stat.S_IFREG),
                0 if member.issym() else member.mode,
                member.linkname if member.issym() else "",
            )
            for member in tar
        }


def read_attributes(archive: Path) -> dict[str, dict[str, str]]:
    """Path to the extended attributes that arrived with it."""
    with tarfile.open(archive) as tar:
        return {member.name.rstrip("/"): attributes for member in tar if (attributes := _attributes(member))}


def _attributes(member: tarfile.TarInfo) -> dict[str, str]:
    prefix = "SCHILY.xattr."
    return {key.removeprefix(prefix): value for key, value in member.pax_headers.items() if key.startswith(prefix)}


def differing(one: Sent, other: Sent) -> Sequence[str]:
    """Paths that are not the same in both."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))
