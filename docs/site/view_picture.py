"""A picture of `devenv dev --view`: what it shows after some events of a shop, as SVG.

    python docs/site/view_picture.py docs/pictures/dev.svg

Responsible for that picture only. The view is the real one; the events are those of a moment of its loop.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from pathlib import Path

from devenv.events import (
    Event,
    Logged,
    PlanMade,
    PlannedStep,
    RoundFinished,
    StateChanged,
    StepStarted,
    StepSucceeded,
    Synced,
    WatchMember,
    WatchStarted,
)
from devenv.ui.loop.model import LoopModel
from devenv.ui.loop.screen import LoopScreen

COLUMNS, LINES = 110, 24


def _logged(second: int, stack: str, level: str, message: str) -> Logged:
    time = f"2026-03-01T12:00:{second:02d}.120Z"
    return Logged(time, "shop-apps", f"{stack}-6f9d8c7b5-x2k4q", stack, stack, level, message)


EVENTS: tuple[Event, ...] = (
    WatchStarted(
        "shop",
        (
            WatchMember("web", "stack", ("web",), urls=("http://web.shop.localhost:8080/",)),
            WatchMember("api", "stack", ("api",), urls=("http://api.shop.localhost:8080/",)),
            WatchMember("worker", "stack", ("worker",)),
            WatchMember("assets", "task", urls=("http://127.0.0.1:5173/",)),
        ),
    ),
    StateChanged("web", "synced"),
    StateChanged("api", "ready"),
    StateChanged("worker", "not-ready", "pod worker-5d4f7b9c8-lq7zd: crash-loop: its container ended with status 1", 3),
    PlanMade("shop", "devenv-shop", (PlannedStep("serve/assets", "Start assets", "tasks"),)),
    StepStarted("serve/assets", 0.0),
    StepSucceeded("serve/assets", 0.4, 0.4),
    _logged(3, "api", "info", "listening on 8080"),
    _logged(4, "worker", "error", "no broker answers at nats:4222"),
    Synced("web", files=1, size=2048, containers=2, seconds=0.11),
    _logged(9, "web", "info", "GET / 200 4ms"),
    RoundFinished(("api",), ("api",), succeeded=True, seconds=2.9, build=1.3, load=0.4, rollout=1.0),
    _logged(14, "api", "info", "GET /orders 200 12ms"),
)


def main() -> None:
    """Write the picture to the path that is given."""
    model = LoopModel(lambda: 0.0)
    for event in EVENTS:
        model.apply(event)
    screen = LoopScreen(model, threading.Lock(), lambda _: None)
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(asyncio.run(_picture(screen)))


async def _picture(screen: LoopScreen) -> str:
    async with screen.run_test(size=(COLUMNS, LINES)) as pilot:
        await pilot.press("down", "down")
        await pilot.pause(0.3)
        picture = screen.export_screenshot(title="devenv dev --view")
        # A reader's browser asks nobody but this site: its own font for terminals does as well.
        return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


if __name__ == "__main__":
    main()
