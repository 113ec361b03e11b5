"""What a program's file tells of how it was built: whether it is of Go, what there is to debug, where its sources were.

Responsible for reading ELF's table of sections and Go's table of files, of any size. Pure.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable

_MAGIC = b"\x7fELF\x02\x01"
"""64 bits, the lowest byte first: all that nodes run."""
_TABLE, _COUNTS = 0x28, 0x3A
"""Where the header says where the sections are (`e_shoff`), and how large, how many, which has their names: elf(5)."""
_HEADER = 64
_OFFSET_IN_SECTION = 0x18
_END_OF_SOURCE = b".go\0"
"""Of a path in Go's table of files."""


def sections(program: bytes) -> frozenset[str]:
    """The names of the sections of an ELF file; none for what is none, or is cut short."""
    if not program.startswith(_MAGIC) or len(program) < _HEADER:
        return frozenset()
    (table,) = struct.unpack_from("<Q", program, _TABLE)
    size, count, names = struct.unpack_from("<HHH", program, _COUNTS)
    if not size or table + size * count > len(program) or names >= count:
        return frozenset()
    (start,) = struct.unpack_from("<Q", program, table + size * names + _OFFSET_IN_SECTION)
    found = set()
    for number in range(count):
        (place,) = struct.unpack_from("<I", program, table + size * number)
        name = program[start + place : program.find(b"\0", start + place)]
        found.add(name.decode(errors="replace"))
    return frozenset(found)


def is_go(program: bytes) -> bool:
    """Whether Go's linker made it."""
    return ".go.buildinfo" in sections(program)


def is_stripped(program: bytes) -> bool:
    """Whether it has no debugging information, as after `go build -ldflags "-s -w"`."""
    return not sections(program) & {".debug_info", ".zdebug_info"}


def source_root(program: bytes, files: Iterable[str]) -> str:
    """The folder that a program of Go was built in, with `-trimpath` the module's name; empty where it is not seen.

    Args:
        program: its file, in whose table each source file has its path (`runtime.pclntab`, which no option leaves out).
        files: paths of its sources, all of which end in `.go`, relative to the folder.
    """
    wanted = {file.encode() for file in files}
    longest = max(map(len, wanted), default=0)
    roots: Counter[str] = Counter()
    # Once through the program, which is large, for however many sources: vendored ones are thousands.
    for place in _places(program, _END_OF_SOURCE):
        begin, end = program.rfind(b"\0", 0, place) + 1, place + len(_END_OF_SOURCE) - 1
        slash = program.rfind(b"/", begin, end)
        while slash >= 0 and end - slash - 1 <= longest:
            # Of one file, whatever its name, others have the same: the folder is where most are.
            if program[slash + 1 : end] in wanted:
                roots[program[begin:slash].decode(errors="replace")] += 1
            slash = program.rfind(b"/", begin, slash)
    return max(roots, key=lambda root: (roots[root], -len(root)), default="")


def _places(program: bytes, wanted: bytes) -> Iterable[int]:
    place = program.find(wanted)
    while place >= 0:
        yield place
        place = program.find(wanted, place + 1)
