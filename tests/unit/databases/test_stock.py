"""What a pool of clones does next, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from support.waiting import await_true

from devenv.databases.address import Address
from devenv.databases.stock import Drop, End, Make, Stock, Sweep, Task
from devenv.errors import DatabaseError

FAILURE = DatabaseError("no clone today")


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def clone(name: str) -> Address:
    return Address("postgres", "127.0.0.1", 5432, name, "shop", "")


def fill(stock: Stock, *names: str, size_bytes: int = 8 << 20) -> None:
    for name in names:
        assert stock.next() == Make()
        stock.made(clone(name), size_bytes)


def waiting(stock: Stock, threads: ThreadPoolExecutor) -> Future[Address]:
    """A taker that waits already: its clone is wanted."""
    before = wanted(stock)
    taker = threads.submit(stock.take, 10)
    await_true(lambda: wanted(stock) > before)
    return taker


def wanted(stock: Stock) -> int:
    return stock._waiting  # nothing else tells that a thread waits


def test_clones_are_made_before_others_are_swept_and_dropped() -> None:
    stock = Stock(2)
    fill(stock, "one", "two")
    assert stock.next() == Sweep()
    stock.found(["left"])
    assert stock.take(1).name == "one"
    assert [stock.next(), stock.next()] == [Make(), Drop("left")]


def test_who_waits_gets_the_next_one_and_one_more_is_kept_ready_from_then_on(threads: ThreadPoolExecutor) -> None:
    stock = Stock(1)
    taker = waiting(stock, threads)
    fill(stock, "one", "two", "three")
    assert taker.result(10).name == "one"
    assert stock.next() == Sweep()


def test_a_clone_that_is_given_back_rests_and_goes_once(threads: ThreadPoolExecutor) -> None:
    stock = Stock(1)
    fill(stock, "one")
    assert stock.next() == Sweep()
    stock.take(1)
    fill(stock, "two")
    dropping: Future[Task] = threads.submit(stock.next)
    stock.give_back("one")
    stock.give_back("one")
    assert dropping.result(10) == Drop("one")
    stock.end()
    assert [stock.next(), stock.next()] == [Drop("two"), End()]


@pytest.mark.parametrize(("size_bytes", "most"), [(0, 64), (8 << 20, 32), (100 << 20, 8)])
def test_spent_clones_do_not_pile_up_however_many_wait(threads: ThreadPoolExecutor, size_bytes: int, most: int) -> None:
    stock = Stock(1)
    for number in range(most):
        fill(stock, f"clone {number}", size_bytes=size_bytes)
        stock.give_back(stock.take(1).name)
    waiting(stock, threads)
    assert stock.next() == Drop("clone 0")
    assert stock.next() == Make()
    stock.made(clone("last"), size_bytes)


def test_a_failure_is_told_to_who_waits_or_asks_next(threads: ThreadPoolExecutor) -> None:
    stock = Stock(1)
    assert stock.next() == Make()
    stock.failed(Make(), FAILURE)  # nobody waits: it is tried again for whoever asks
    assert stock.next() == Sweep()
    stock.failed(Sweep(), FAILURE)
    with pytest.raises(DatabaseError):
        stock.take(1)
    taker = waiting(stock, threads)
    assert stock.next() == Make()
    stock.failed(Make(), FAILURE)
    with pytest.raises(DatabaseError):
        taker.result(10)
    idle = threads.submit(stock.next)
    stock.end()
    assert idle.result(10) == End()


def test_the_end_drops_what_is_there_but_for_what_was_withdrawn() -> None:
    stock = Stock(3)
    fill(stock, "kept", "used", "ready")
    assert stock.next() == Sweep()
    stock.withdraw(stock.take(1).name)
    stock.take(1)
    assert stock.next() == Make()
    stock.end()
    stock.made(clone("late"), 0)
    tasks = [stock.next() for _ in range(4)]
    assert sorted(task.name for task in tasks if isinstance(task, Drop)) == ["late", "ready", "used"]
    assert tasks[-1] == End()
    with pytest.raises(ValueError, match="closed"):
        stock.take(1)


def test_what_nothing_protects_any_more_is_not_handed_out() -> None:
    stock = Stock(2)
    fill(stock, "lost_1", "held_1")
    stock.distrust("lost_")
    assert stock.take(1).name == "held_1"


def test_without_a_clone_in_time_the_taker_is_told() -> None:
    with pytest.raises(TimeoutError, match="no clone was ready"):
        Stock(1).take(0.01)
