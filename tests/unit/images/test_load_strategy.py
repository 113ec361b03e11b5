from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.images.formats.engine_image import layer_bytes
from devenv.images.load.strategy import Transfer, Transport, choose, is_worth_warm_up

MB = 1_000_000
BYTES = st.integers(0, 10**10)


@pytest.mark.parametrize(
    ("total", "lacking", "compressed", "transport"),
    [
        (800 * MB, 2 * MB, False, Transport.PUSH),
        (800 * MB, 800 * MB, False, Transport.ARCHIVE),
        (800 * MB, 400 * MB, False, Transport.ARCHIVE),
        (800 * MB, 800 * MB, True, Transport.PUSH),
        (1 * MB, 1 * MB, False, Transport.ARCHIVE),
        (50 * MB, 1 * MB, False, Transport.PUSH),
        (800 * MB, 0, False, Transport.PUSH),
    ],
)
def test_the_cheaper_way_is_taken(total: int, lacking: int, *, compressed: bool, transport: Transport) -> None:
    assert choose(Transfer(total, lacking, compressed)) is transport


@given(total=BYTES, more=BYTES, less=BYTES, compressed=st.booleans())
def test_less_to_send_never_makes_an_archive_of_a_push(total: int, more: int, less: int, *, compressed: bool) -> None:
    less, more = sorted((less, more))
    if choose(Transfer(total, more, compressed)) is Transport.PUSH:
        assert choose(Transfer(total, less, compressed)) is Transport.PUSH


def test_a_push_is_bounded_where_it_may_have_to_compress() -> None:
    bound = Transfer(800 * MB, 2 * MB, compressed=False).bound
    assert bound is not None
    assert 2 * MB < bound < 16 * MB
    assert Transfer(800 * MB, 2 * MB, compressed=True).bound is None


def test_only_what_takes_long_is_worth_a_warm_up() -> None:
    assert is_worth_warm_up(Transfer(800 * MB, 2 * MB, compressed=False))
    assert not is_worth_warm_up(Transfer(50 * MB, 2 * MB, compressed=False))
    assert is_worth_warm_up(Transfer(200 * MB, 2 * MB, compressed=False))
    assert not is_worth_warm_up(Transfer(800 * MB, 2 * MB, compressed=True))


@pytest.mark.parametrize(
    ("steps", "layers", "expected"),
    [
        ([5, 0, 0, 7], 2, [5, 7]),
        ([5, 0, 7], 3, [5, 7, 7]),
        ([], 2, [0, 0]),
        ([0, 9], 1, [9]),
        ([1, 2, 3], 3, [1, 2, 3]),
    ],
)
def test_layers_get_the_most_that_the_history_allows(steps: list[int], layers: int, expected: list[int]) -> None:
    assert layer_bytes(steps, layers) == expected
