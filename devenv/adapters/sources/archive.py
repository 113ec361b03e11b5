"""Tar archives of others, unpacked so that nothing of them leaves the folder: no escapes, no devices, no bombs."""

from __future__ import annotations

import gzip
import io
import posixpath
import tarfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import DownloadError

_LARGEST = 256 << 20
"""Bytes of all files together: stacks are text."""
_MOST = 50_000
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file or link."""

    content: bytes
    executable: bool = False
    link: str = ""


def unpack(archives: Iterable[bytes], folder: Path, *, origin: str) -> None:
    """Write the files of tar archives, packed or not, into an empty folder; a later one goes over those before it.

    Raises:
        DownloadError: one is no archive, is too large, or holds what would lead out of the folder.
    """
    entries: dict[str, _Entry] = {}
    for archive in archives:
        try:
            _read(archive, entries, origin)
        except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
            raise DownloadError(f"{origin} is no archive of stacks", context={"cause": str(error)}) from error
    links = {name for name, entry in entries.items() if entry.link}
    for name, entry in entries.items():
        _require_within(name, entry, links, origin)
    _write(entries, folder, origin)


def _read(archive: bytes, entries: dict[str, _Entry], origin: str) -> None:
    plain = _unpacked(archive, origin)
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
        for member in tar:
            if member.isdir():
                continue
            name = member.name.removeprefix("./")
            if member.issym():
                entries[name] = _Entry(b"", link=member.linkname)
            elif member.isreg():
                stream = tar.extractfile(member)
                entries[name] = _Entry(stream.read() if stream else b"", executable=bool(member.mode & 0o100))
            else:
                raise DownloadError(f"{origin} holds {name}, which is neither a file nor a symbolic link")
            if len(entries) > _MOST:
                raise DownloadError(f"{origin} holds more than {_MOST} files")


def _unpacked(archive: bytes, origin: str) -> bytes:
    plain = archive
    if archive.startswith(_GZIP):
        with gzip.GzipFile(fileobj=io.BytesIO(archive)) as packed:
            plain = packed.read(_LARGEST + 1)
    if len(plain) > _LARGEST:
        raise DownloadError(f"{origin} holds more than {_LARGEST >> 20} MiB")
    return plain


def _require_within(name: str, entry: _Entry, links: set[str], origin: str) -> None:
    parts = name.split("/")
    if not name or name.startswith("/") or {"", ".", ".."} & set(parts) or "\0" in name:
        raise DownloadError(f"{origin} holds a file that leads out of it: {name!r}")
    if parts[-1].startswith(".wh."):
        raise DownloadError(f"{origin} takes files away again ({name}): put the stacks into one layer")
    if any("/".join(parts[:depth]) in links for depth in range(1, len(parts))):
        raise DownloadError(f"{origin} holds a file below a link: {name}")
    if entry.link:
        _require_link_within(name, entry.link, links, origin)


def _require_link_within(name: str, target: str, links: set[str], origin: str) -> None:
    """See that a link stays, by its text alone: what it leads to may be a link only as a whole, which is looked at."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    leads_out = target.startswith("/") or place == ".." or place.startswith("../")
    walked, through = posixpath.dirname(name), False
    for part in target.split("/"):
        through = through or walked in links
        walked = posixpath.normpath(posixpath.join(walked, part))
        leads_out = leads_out or walked == ".." or walked.startswith("../")
    if leads_out:
        raise DownloadError(f"{origin} holds a link that leads out of it: {name} to {target}")
    if through:
        raise DownloadError(f"{origin} holds a link that goes through another one: {name} to {target}")


def _write(entries: dict[str, _Entry], folder: Path, origin: str) -> None:
    try:
        for name, entry in entries.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if entry.link:
                path.symlink_to(entry.link)
            else:
                path.write_bytes(entry.content)
                path.chmod(0o755 if entry.executable else 0o644)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise DownloadError(f"{origin} holds a file and a folder of one name: {error.filename}") from error
