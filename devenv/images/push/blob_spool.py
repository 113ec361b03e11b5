"""Blobs on their way from the engine into nodes: hashed, unpacked and kept in unlinked temporary files.

Memory is bounded by one chunk for each blob, and nothing is left on the disk however devenv ends. A layer that
comes compressed is kept as the plain tar: the digest of that is the layer's identity (diffID) in the image's
configuration, and the name under which an archive of the engine brings it too.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import zlib
from collections.abc import Iterator

from devenv.errors import ImageError

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Blob:
    """One blob while it comes, and afterwards. Written by one thread, then read or dropped by another."""

    def __init__(self, *, unpack: bool = False, keep: bool = True) -> None:
        """With `unpack` a gzip stream is kept uncompressed; without `keep` it is hashed only."""
        self.received = 0
        """Bytes as they came."""
        self.size = 0
        """Bytes as they are kept."""
        self._unpack = unpack
        self._gzip: zlib._Decompress | None = None
        self._came = hashlib.sha256()
        self._kept = hashlib.sha256()
        self._lock = threading.Lock()
        self._closed = False
        # It lives until the blob has been sent on.
        self._file = tempfile.TemporaryFile() if keep else None  # noqa: SIM115

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; raises ImageError when they are not what they seem, OSError when they cannot be kept."""
        with self._lock:
            if self._closed:
                raise BrokenPipeError("nobody wants this blob any more")
            self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        if not self.received and self._unpack and chunk.startswith(_GZIP):
            self._gzip = zlib.decompressobj(_GZIP_WINDOW)
        self.received += len(chunk)
        self._came.update(chunk)
        for plain in self._plain(chunk):
            self._kept.update(plain)
            if self._file:
                self._file.write(plain)
            self.size += len(plain)

    def _plain(self, chunk: bytes) -> Iterator[bytes]:
        if self._gzip is None:
            yield chunk
            return
        try:
            while True:
                if self._gzip.eof:
                    self._gzip = zlib.decompressobj(_GZIP_WINDOW)  # a stream may have several members
                plain = self._gzip.decompress(chunk, _CHUNK)
                yield plain
                chunk = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail
                if not chunk and (self._gzip.eof or len(plain) < _CHUNK):
                    return
        except zlib.error as error:
            raise ImageError("a layer came damaged", context={"cause": str(error)}) from error

    @property
    def digest(self) -> str:
        """Of the bytes as they came."""
        return f"sha256:{self._came.hexdigest()}"

    @property
    def kept_digest(self) -> str:
        """Of the bytes as they are kept: for a layer its diffID."""
        return f"sha256:{self._kept.hexdigest()}"

    def chunks(self) -> Iterator[bytes]:
        """What is kept."""
        if self._file is None:
            return
        self._file.flush()
        at = 0
        while chunk := os.pread(self._file.fileno(), _CHUNK, at):
            at += len(chunk)
            yield chunk

    def read(self) -> bytes:
        """What is kept, whole: for small blobs."""
        return b"".join(self.chunks())

    def close(self) -> None:
        """Give the room back; what still comes is refused."""
        with self._lock:
            self._closed = True
            if self._file:
                self._file.close()
