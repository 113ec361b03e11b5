from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pushing import digest

from devenv.errors import ImageError
from devenv.images.push.blob_spool import Blob


def spool(data: bytes, step: int, *, unpack: bool) -> tuple[Blob, bytes]:
    blob = Blob(unpack=unpack)
    for at in range(0, len(data), step):
        blob.write(data[at : at + step])
    content = blob.read()
    blob.close()
    return blob, content


@given(
    members=st.lists(st.binary(max_size=3000), min_size=1, max_size=3), step=st.integers(2, 700), unpack=st.booleans()
)
def test_gzip_is_unpacked_whatever_the_pieces(members: list[bytes], step: int, *, unpack: bool) -> None:
    packed = b"".join(gzip.compress(member) for member in members)
    blob, content = spool(packed, step, unpack=unpack)
    kept = b"".join(members) if unpack else packed
    assert content == kept
    assert (blob.digest, blob.kept_digest) == (digest(packed), digest(kept))
    assert (blob.received, blob.size) == (len(packed), len(kept))


def test_what_shrinks_much_is_unpacked_in_bounded_pieces() -> None:
    packed = gzip.compress(bytes(9_000_001))
    blob, content = spool(packed, len(packed), unpack=True)
    assert (blob.size, content) == (9_000_001, bytes(9_000_001))


@given(st.binary(max_size=300))
def test_what_is_not_gzip_is_kept_as_it_is(data: bytes) -> None:
    assert spool(b"tar" + data, 50, unpack=True)[1] == b"tar" + data


def test_damage_and_what_comes_too_late_are_refused() -> None:
    blob = Blob(unpack=True)
    with pytest.raises(ImageError, match="damaged"):
        blob.write(b"\x1f\x8b\x08 no gzip")
    blob.close()
    with pytest.raises(BrokenPipeError):
        blob.write(b"late")


def test_what_is_not_kept_is_hashed() -> None:
    blob = Blob(keep=False)
    blob.write(b"abc")
    assert (blob.digest, blob.size, blob.read()) == (digest(b"abc"), 3, b"")
