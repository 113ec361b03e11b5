"""Text as devenv reads it from users: UTF-8, with or without a byte order mark."""

from __future__ import annotations

from pathlib import Path

_OTHERS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_KINDS = {
    b"PGDMP": "an archive of pg_dump",
    b"\x1f\x8b": "compressed",
    b"PK\x03\x04": "compressed",
    b"BZh": "compressed",
}
_UNPACK = {"an archive of pg_dump": "pg_restore --file {name}.sql {name}"}


class NotTextError(ValueError):
    """Bytes that are no text in UTF-8."""

    def __init__(self, line: int, message: str, hint: str) -> None:
        """Say where, counted from 1, and what."""
        super().__init__(message)
        self.line = line
        self.message = message
        self.hint = hint


def decode(content: bytes, name: str = "the file") -> str:
    """The text without its byte order mark; lines end as they do in the content.

    Raises:
        NotTextError: it is in another encoding, holds a NUL byte, or is no text at all.
    """
    for start, encoding in _OTHERS.items():
        if content.startswith(start):
            raise NotTextError(1, f"{name} is {encoding}, not UTF-8", "save it as UTF-8")
    for start, kind in _KINDS.items():
        if content.startswith(start):
            raise NotTextError(1, f"{name} is {kind}, not text", _UNPACK.get(kind, "unpack it").format(name=name))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotTextError(
            _line(content, error.start),
            f"{name} is not UTF-8 text: byte 0x{content[error.start]:02x} at offset {error.start}",
            "save it as UTF-8; from Latin-1: iconv -f latin1 -t utf-8",
        ) from error
    if (place := content.find(b"\0")) >= 0:
        raise NotTextError(
            _line(content, place), f"{name} holds a NUL byte at offset {place}", "remove it, or save it as UTF-8"
        )
    return text


def read_text(path: Path) -> str:
    """A file's text; raises NotTextError, which names the file."""
    return decode(path.read_bytes(), path.name)


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
