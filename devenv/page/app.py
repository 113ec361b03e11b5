"""The start page's addresses: the page itself, its stream of events, and what its buttons do.

Responsible for HTTP alone. What is shown and done it is given, so that it runs with any content.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from devenv.errors import DevenvError
from devenv.page.board import Board
from devenv.page.guard import Guard, own_hosts
from devenv.page.rendering import Pages
from devenv.page.view import announcements
from devenv.workflows.status import CredentialStatus

_STATIC = Path(__file__).parent / "static"
_FIRST_SECONDS = 0.25
"""For so long the first page waits for something to show."""
_ALIVE_SECONDS = 15.0
"""A stream of which nothing is heard for so long says that it is there."""
_TICKET_SECONDS = 120.0


@dataclass(frozen=True)
class Backend:
    """What the page is about, and what its buttons do."""

    board: Board
    reset: Callable[[str], str]
    """Begins the reset of a database, by its stack's name; returns the run's key."""
    restart: Callable[[str], str]
    """Begins the restart of a stack; returns the run's key."""
    credentials: Callable[[], Sequence[CredentialStatus]]
    """Reads them as they are."""
    log: Callable[[str], Sequence[tuple[str, str]]]
    """The last lines of each container of a stack, by the container's name."""
    messages: Callable[[str], Sequence[tuple[str, str]]]
    """The messages that wait in a queue, each with a title."""


class Tickets:
    """Stand for the token once, and shortly: what starts a browser is in every list of processes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._valid: dict[str, float] = {}

    def issue(self) -> str:
        """A new one."""
        ticket, now = secrets.token_urlsafe(24), time.monotonic()
        with self._lock:
            self._valid = {each: end for each, end in self._valid.items() if end > now}
            self._valid[ticket] = now + _TICKET_SECONDS
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Whether it is valid; it is not again."""
        with self._lock:
            return self._valid.pop(ticket, 0.0) > time.monotonic()


def make_app(backend: Backend, *, project: str, port: int, token: str) -> Starlette:
    """The application for a project's page on a port; `token` lets its holder act."""
    answers = Answers(backend, token)
    return Starlette(
        routes=[
            Route("/", answers.home),
            Route("/events", answers.events),
            Route("/session", answers.session, methods=["POST"]),
            Route("/ticket", answers.ticket, methods=["POST"]),
            Route("/databases/{name}/reset", answers.reset, methods=["POST"]),
            Route("/stacks/{name}/restart", answers.restart, methods=["POST"]),
            Route("/stacks/{name}/log", answers.log, methods=["POST"]),
            Route("/queues/{name}/messages", answers.messages, methods=["POST"]),
            Route("/credentials", answers.credentials, methods=["POST"]),
            Route("/failures/{key}", answers.facts, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(Guard, hosts=own_hosts(project, port), token=token)],
    )


class Answers:
    """What is answered at each address."""

    def __init__(self, backend: Backend, token: str) -> None:
        self._backend = backend
        self._board = backend.board
        self._token = token
        self._pages = Pages()
        self._tickets = Tickets()

    def home(self, _: Request) -> Response:
        """The page, with what is known of the cluster a moment later."""
        return HTMLResponse(self._pages.whole(self._board.first_known(_FIRST_SECONDS)))

    async def events(self, _: Request) -> Response:
        """The page's changes, for as long as somebody listens."""
        return StreamingResponse(_stream(self._board, self._pages), media_type="text/event-stream")

    def reset(self, request: Request) -> Response:
        data = self._board.view.data
        known = [database.name for database in data.databases] + [data.aws_stack] if data else []
        return _begun(self._backend.reset, request.path_params["name"], known)

    def restart(self, request: Request) -> Response:
        known = [stack.status.name for stack in self._board.view.stacks]
        return _begun(self._backend.restart, request.path_params["name"], known)

    def log(self, request: Request) -> Response:
        """What a stack's containers wrote last: for who has the token alone, since nobody knows what programs print."""
        known = [stack.status.name for stack in self._board.view.stacks]
        return _read(self._backend.log, request.path_params["name"], known)

    def messages(self, request: Request) -> Response:
        """What waits in a queue: for who has the token, as what programs print."""
        data = self._board.view.data
        known = [queue.name for queue in data.aws.queues] if data and data.aws else []
        return _read(self._backend.messages, request.path_params["name"], known)

    def credentials(self, _: Request) -> Response:
        try:
            found = self._backend.credentials()
        except DevenvError as error:
            return _failed(error)
        return JSONResponse([{"name": c.name, "stack": c.stack, "values": dict(c.values)} for c in found])

    def facts(self, request: Request) -> Response:
        """What explains a failure."""
        view, key = self._board.view, request.path_params["key"]
        failure = next((f for f in (*view.failures, *view.recorded) if f.key == key), None)
        return JSONResponse([list(fact) for fact in failure.facts]) if failure else _unknown(key)

    def ticket(self, _: Request) -> Response:
        return JSONResponse({"ticket": self._tickets.issue()})

    def session(self, request: Request) -> Response:
        """The token, for a ticket."""
        if self._tickets.redeem(request.headers.get("x-devenv-ticket", "")):
            return JSONResponse({"token": self._token})
        return _error(HTTPStatus.UNAUTHORIZED, "the link was used before, or is too old: devenv open")


def _begun(begin: Callable[[str], str], name: str, known: Sequence[str]) -> Response:
    if name not in known:
        return _unknown(name)
    try:
        return JSONResponse({"run": begin(name)}, HTTPStatus.ACCEPTED)
    except DevenvError as error:
        return _failed(error)


def _read(read: Callable[[str], Sequence[tuple[str, str]]], name: str, known: Sequence[str]) -> Response:
    """Titles and texts of what has a name."""
    if name not in known:
        return _unknown(name)
    try:
        return JSONResponse([list(part) for part in read(name)])
    except DevenvError as error:
        return _failed(error)


def _failed(error: DevenvError) -> Response:
    return JSONResponse({"error": {"code": error.code, "message": error.message, "hint": error.hint}}, 409)


def _unknown(name: str) -> Response:
    return _error(HTTPStatus.NOT_FOUND, f"{name} is not there")


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message}}, status)


async def _stream(board: Board, pages: Pages) -> AsyncIterator[str]:
    """Each section as it is now, then those that change, and what is to be said aloud of that."""
    sent: dict[str, str] = {}
    with board.stream() as changes:
        before = board.view
        yield "retry: 1000\n\n"
        while not board.closed:
            view = board.view
            for section in pages.sections(view):
                if sent.get(section.name) != section.version:
                    sent[section.name] = section.version
                    yield _event("section", {**asdict(section), "version": section.version})
            for text in announcements(before, view):
                yield _event("say", text)
            before = view
            if not await changes.wait(_ALIVE_SECONDS):
                yield ": still here\n\n"


def _event(kind: str, data: object) -> str:
    # JSON has no line break of its own, which would end the event.
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"
