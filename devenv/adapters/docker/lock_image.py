"""The image that locks run: one program that reads its standard input to the end, and nothing else.

Responsible for its bytes. They are made here, of a few instructions, so that a lock can be had on a bare engine that
reaches no registry, before anything else is there. They are always the same: runs that make it at once make one image.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
from collections.abc import Mapping

from devenv.errors import EngineUnavailableError

_PROGRAM = "hold"
_BASE = 0x400000
_HEADERS = 64 + 56
"""Bytes of the ELF header and the one program header: https://man7.org/linux/man-pages/man5/elf.5.html"""
_PAGE = 0x10000
_AMD64 = bytes.fromhex(
    "31c0"  # again: xor eax, eax     read
    "31ff"  #        xor edi, edi     (standard input,
    "4889e6"  #      mov rsi, rsp      the stack, which nobody needs,
    "ba01000000"  #  mov edx, 1        one byte)
    "0f05"  #        syscall
    "85c0"  #        test eax, eax
    "7fee"  #        jg again
    "b83c000000"  #  mov eax, 60      exit
    "31ff"  #        xor edi, edi     (0)
    "0f05"  #        syscall
)
_ARM64 = struct.pack(
    "<10I",
    0xD2800000,  # again: mov x0, #0   (standard input,
    0x910003E1,  #        mov x1, sp    the stack,
    0xD2800022,  #        mov x2, #1    one byte)
    0xD28007E8,  #        mov x8, #63  read
    0xD4000001,  #        svc #0
    0xF100001F,  #        cmp x0, #0
    0x54FFFF4C,  #        b.gt again
    0xD2800000,  #        mov x0, #0   (0)
    0xD2800BA8,  #        mov x8, #93  exit
    0xD4000001,  #        svc #0
)
_MACHINES = {"amd64": (62, _AMD64), "arm64": (183, _ARM64)}
"""Architecture, as engines call it, to ELF's number of the machine and the program."""


def lock_program(arch: str) -> bytes:
    """The program as a static ELF file; raises EngineUnavailableError for an architecture that it is not known for."""
    if arch not in _MACHINES:
        raise EngineUnavailableError(
            f"an engine on {arch} cannot be used", context={"architectures": ", ".join(sorted(_MACHINES))}
        )
    machine, code = _MACHINES[arch]
    size = _HEADERS + len(code)
    identity = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = struct.pack("<16sHHIQQQIHHHHHH", identity, 2, machine, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, _PAGE)
    return header + segment + code


def lock_archive(arch: str) -> bytes:
    """The image for an architecture as an archive that engines load: `docker load`."""
    layer = _tar({_PROGRAM: lock_program(arch)})
    config = {
        "architecture": arch,
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {"Entrypoint": [f"/{_PROGRAM}"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        "history": [{"created": "1970-01-01T00:00:00Z"}],
    }
    manifest = [{"Config": "config.json", "RepoTags": [LOCK_IMAGE], "Layers": ["layer.tar"]}]
    texts = {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    return _tar({**texts, "layer.tar": layer})


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


LOCK_IMAGE = f"localhost/devenv/lock:{hashlib.sha256(_AMD64 + _ARM64).hexdigest()[:12]}"
"""Named after what it runs: a devenv that runs another program makes another image."""
