"""The checksums that Flyway records of the migrations it has applied."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

_LINE_END = re.compile(r"\r\n|\r|\n")
_SIGN = 1 << 31


def flyway_checksum(path: Path) -> str:
    """A file's checksum as `flyway_schema_history` has it: the CRC-32 of its lines without their ends, signed."""
    # Told as a problem where it is no UTF-8; Flyway refuses such a file.
    text = path.read_bytes().decode("utf-8-sig", "replace")
    value = zlib.crc32(_LINE_END.sub("", text).encode())
    return str(value - 2 * _SIGN if value >= _SIGN else value)
