"""The server of a project's start page: `python -m devenv.page`, started by `devenv open`.

It is given a socket that listens already, and on standard input the project's folder, the token and the record that
names it. It ends on SIGTERM, when the cluster is gone, and when the record names another one.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from devenv.adapters.process import this_process
from devenv.page.app import Backend, make_app
from devenv.page.board import Board
from devenv.page.live import Live
from devenv.page.runs import Runs
from devenv.page.stack_log import stack_log
from devenv.page.view import View
from devenv.plan.names import Names
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.overview import read_messages
from devenv.workflows.observed import observe_project
from devenv.workflows.start_page import alone, running_page
from devenv.workflows.status import read_credentials

if TYPE_CHECKING:
    from devenv.localstack import Message

_MOST_MESSAGES = 100
_GRACE_SECONDS = 2
"""For streams of events, which end by themselves as soon as the board is closed."""


class Server(uvicorn.Server):
    """Closes the board before it waits for streams of events, and stops what a button began."""

    def __init__(self, config: uvicorn.Config, board: Board, runs: Runs) -> None:
        super().__init__(config)
        self._board = board
        self._runs = runs

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving. A signal that asked for it ends the process right after."""
        self._board.close()
        await super().shutdown(sockets)
        await asyncio.to_thread(self._runs.stop)


def main() -> None:
    """Serve until there is a reason to end."""
    given = json.load(sys.stdin)
    directory, state, project = Path(given["directory"]), Path(given["state"]), str(given["project"])
    board = Board(View(project))
    listening = socket.socket(fileno=int(given["descriptor"]))

    def end() -> None:
        server.should_exit = True

    def is_wanted() -> bool:
        with alone(state):  # it is recorded while whoever started it is alone
            page = running_page(state)
        return page is not None and page.process == this_process()

    port = int(listening.getsockname()[1])
    url = f"http://{Names(project).domain}:{port}/"
    live = Live(directory, board, url=url, is_wanted=is_wanted, end=end)
    runs = Runs(directory, board, live.look_at_data)
    backend = Backend(
        board,
        runs.reset,
        runs.restart,
        lambda: read_credentials(observe_project(directory), reveal=True),
        lambda stack: stack_log(observe_project(directory), stack),
        lambda queue: _titled(read_messages(directory, silent_session(), queue)),
    )
    app = make_app(backend, project=project, port=port, token=str(given["token"]))
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="error",  # a warning is what any page of any origin can cause, as often as it likes
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = Server(config, board, runs)
    live.start()
    server.run(sockets=[listening])


def _titled(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """The oldest of them, each under when it was sent and its identity."""
    return [(f"{m.sent:%Y-%m-%d %H:%M:%S} UTC · {m.id}", m.body) for m in messages[:_MOST_MESSAGES]]


if __name__ == "__main__":
    main()
