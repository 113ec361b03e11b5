"""The screen of `devenv dev --view`, driven by Textual's Pilot: what keys ask for, of whom."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot
from textual.widgets import OptionList, RichLog, Static

from devenv.events import Logged, StateChanged, WatchMember, WatchStarted
from devenv.ui.loop.model import LoopModel
from devenv.ui.loop.screen import HelpScreen, LoopScreen

Act = Callable[[Pilot[None], LoopScreen, LoopModel], Awaitable[None]]

BEGUN = WatchStarted(
    "shop",
    (
        WatchMember("api", "stack", ("api",), urls=("http://api.shop.localhost/",)),
        WatchMember("worker", "stack", ("worker",)),
        WatchMember("site", "task", urls=("http://127.0.0.1:5000/",)),
    ),
)


def driven(act: Act, *, size: tuple[int, int] = (80, 24)) -> list[str]:
    """What was asked for while somebody acts on the screen."""
    model, asked = LoopModel(), list[str]()
    model.apply(BEGUN)
    screen = LoopScreen(model, threading.Lock(), asked.append)

    async def run() -> None:
        async with screen.run_test(size=size) as pilot:
            await act(pilot, screen, model)

    asyncio.run(run())
    return asked


def logged(name: str, message: str) -> Logged:
    return Logged("2026-03-01T12:00:00.000Z", "shop", f"{name}-1", name, name, "info", message)


def written(screen: LoopScreen) -> list[str]:
    return [word for strip in screen.query_one(RichLog).lines for word in strip.text.split()[-1:]]


async def until(pilot: Pilot[None], question: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not question():
            await pilot.pause(0.05)


def test_keys_ask_for_the_chosen_one() -> None:
    async def act(pilot: Pilot[None], _screen: LoopScreen, _model: LoopModel) -> None:
        await pilot.press("r", "s", "o", "down", "r", "R", "o", "down", "s", "o")

    assert driven(act) == [
        "rebuild api",
        "restart api",
        "open http://api.shop.localhost/",
        "rebuild worker",
        "restart worker",
        "rebuild site",
        "open http://127.0.0.1:5000/",
    ]


def test_each_way_to_quit_asks_for_the_end_and_waits_for_it() -> None:
    async def act(pilot: Pilot[None], screen: LoopScreen, _model: LoopModel) -> None:
        await pilot.press("q", "ctrl+c", "ctrl+q")
        assert screen.is_running
        head = screen.query_one("#head", Static)
        await until(pilot, lambda: "stopping" in str(head.content))

    assert driven(act) == ["quit", "quit", "quit"]


def test_logs_are_of_all_or_of_the_chosen_one_and_follow_the_choice() -> None:
    async def act(pilot: Pilot[None], screen: LoopScreen, model: LoopModel) -> None:
        for name in ("api", "worker", "api"):
            model.apply(logged(name, name))
        await until(pilot, lambda: written(screen) == ["api", "worker", "api"])
        await pilot.press("l")
        await until(pilot, lambda: written(screen) == ["api", "api"])
        await pilot.press("down")
        await until(pilot, lambda: written(screen) == ["worker"])
        model.apply(logged("api", "api"))
        model.apply(logged("worker", "again"))
        await until(pilot, lambda: written(screen) == ["worker", "again"])
        await pilot.press("l")
        await until(pilot, lambda: written(screen) == ["api", "worker", "api", "api", "again"])

    driven(act)


def test_what_changes_is_shown_and_the_choice_stays() -> None:
    async def act(pilot: Pilot[None], screen: LoopScreen, model: LoopModel) -> None:
        members, details = screen.query_one(OptionList), screen.query_one("#details", Static)
        await pilot.press("down")
        model.apply(StateChanged("worker", "not-ready", "pod worker-1: crash-loop", 7))
        await until(pilot, lambda: "not-ready" in str(members.get_option_at_index(1).prompt))
        assert members.highlighted == 1
        assert "pod worker-1: crash-loop" in str(details.content)

    driven(act)


def test_the_help_closes_with_any_key_and_that_key_does_nothing_else() -> None:
    async def act(pilot: Pilot[None], screen: LoopScreen, _model: LoopModel) -> None:
        await pilot.press("question_mark")
        assert isinstance(screen.screen, HelpScreen)
        await pilot.press("r")
        assert not isinstance(screen.screen, HelpScreen)

    assert driven(act) == []


def test_a_flood_of_lines_leaves_keys_answered() -> None:
    async def act(pilot: Pilot[None], screen: LoopScreen, model: LoopModel) -> None:
        for number in range(50_000):
            model.apply(logged("api", str(number)))
        await pilot.press("r")
        await until(pilot, lambda: written(screen)[-1:] == ["49999"])

    assert driven(act) == ["rebuild api"]


def test_no_terminal_is_too_small() -> None:
    async def act(pilot: Pilot[None], screen: LoopScreen, model: LoopModel) -> None:
        for size in ((5, 2), (3, 12), (2, 12), (1, 12), (1, 1), (120, 30)):
            model.apply(logged("api", f"{size[0]}x{size[1]}"))
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: screen.size == size)  # type: ignore[misc]
        await until(pilot, lambda: written(screen)[-1:] == ["120x30"])

    driven(act, size=(20, 6))
