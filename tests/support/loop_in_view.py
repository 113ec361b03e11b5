"""A loop in its view, without a cluster: `python -m support.loop_in_view`. What is asked for it answers with a round.

`r break` makes it fail, as a bug does.
"""

from __future__ import annotations

import queue
from pathlib import Path

from devenv.cli import wiring
from devenv.cli.boundary import error_boundary
from devenv.cli.loop_view import LoopView
from devenv.errors import UsageError
from devenv.events import Emit, Logged, Noted, RoundFinished, StateChanged, WatchMember, WatchStarted

MEMBERS = (
    WatchMember("api", "stack", ("api",), urls=("http://api.shop.localhost:8080/",)),
    WatchMember("worker", "stack", ("worker",)),
    WatchMember("break", "task"),
)


def go_round(emit: Emit, asked: queue.SimpleQueue[str]) -> None:
    emit(WatchStarted("shop", MEMBERS))
    emit(StateChanged("api", "ready"))
    emit(StateChanged("worker", "not-ready", "pod worker-1: crash-loop: ended with status 1", 3))
    emit(Logged("2026-03-01T12:00:00.000Z", "shop", "api-1", "api", "api", "info", "listening"))
    emit(Logged("2026-03-01T12:00:01.000Z", "shop", "worker-1", "worker", "worker", "error", "no broker"))
    while True:
        _, _, name = asked.get().partition(" ")
        if name == "break":
            raise UsageError("the loop broke", hint="devenv dev")
        emit(RoundFinished((name,), (name,), succeeded=True, seconds=1.3, build=1.0, load=0.1, rollout=0.2))


def main() -> None:
    lines = wiring.screen_sink(as_json=False, verbose=False)
    shown = LoopView(lines, Path())
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()
    with error_boundary(), wiring.run_session("dev", screen=shown) as session:
        try:
            with shown.typed(session)(asked.put):
                go_round(session.emit, asked)
        except KeyboardInterrupt:
            session.emit(Noted("no longer watching"))


if __name__ == "__main__":
    main()
