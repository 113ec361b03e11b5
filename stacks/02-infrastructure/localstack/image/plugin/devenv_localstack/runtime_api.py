"""The Lambda Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) of one execution environment.

A runtime asks it for the next invocation and posts results back. This module knows nothing of processes or of
LocalStack, and runs no function itself.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Invocation:
    """What a runtime is asked to do; `timeout_seconds` becomes the deadline it is told."""

    request_id: str
    function_arn: str
    payload: bytes
    trace_id: str
    timeout_seconds: int


@dataclass(frozen=True)
class Outcome:
    """What a runtime answered to one invocation."""

    payload: bytes
    is_error: bool


class RuntimeFailedError(Exception):
    """The runtime ended, or reported that it could not start."""


class RuntimeApi:
    """Serves one runtime on a free port of the loopback interface until `close`."""

    def __init__(self) -> None:
        self.started: Future[None] = Future()
        """Done when the runtime asks for its first invocation; fails when it cannot start."""
        self._invocations: queue.Queue[Invocation | None] = queue.Queue()
        self._outcomes: dict[str, Future[Outcome]] = {}
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, daemon=True, name="lambda-runtime-api").start()

    @property
    def address(self) -> str:
        """Host and port, as AWS_LAMBDA_RUNTIME_API wants them."""
        return f"127.0.0.1:{self._server.server_port}"

    def submit(self, invocation: Invocation) -> Future[Outcome]:
        """Queue an invocation and return the future of its outcome."""
        outcome: Future[Outcome] = Future()
        self._outcomes[invocation.request_id] = outcome
        self._invocations.put(invocation)
        return outcome

    def next_invocation(self) -> Invocation | None:
        """Block until there is an invocation; None once the environment is closed."""
        _settle(self.started, None)
        return self._invocations.get()

    def complete(self, request_id: str, outcome: Outcome) -> None:
        """Record what the runtime answered; an answer to an invocation that was given up is dropped."""
        future = self._outcomes.pop(request_id, None)
        if future is not None:
            _settle(future, outcome)

    def fail(self, reason: str) -> None:
        """End the start and every open invocation with `reason`."""
        error = RuntimeFailedError(reason)
        _settle(self.started, error)
        for request_id in list(self._outcomes):
            _settle(self._outcomes.pop(request_id), error)

    def close(self) -> None:
        """Release a waiting runtime and stop serving."""
        self._invocations.put(None)
        self._server.shutdown()
        self._server.server_close()


def _settle(future: Future, value: object) -> None:
    """Set a future's result or, for an exception, its error, unless another thread was first."""
    try:
        if isinstance(value, Exception):
            future.set_exception(value)
        else:
            future.set_result(value)
    except InvalidStateError:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        invocation = self.server.api.next_invocation()
        if invocation is None:
            self._answer(410)
            return
        deadline = int((time.time() + invocation.timeout_seconds) * 1000)
        self._answer(200, invocation.payload, [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(deadline)),
            ("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn),
            ("Lambda-Runtime-Trace-Id", invocation.trace_id),
        ])

    def do_POST(self) -> None:
        body = self._body()
        match self.path.strip("/").split("/"):
            case [*_, "init", "error"]:
                self.server.api.fail(body.decode(errors="replace"))
            case [*_, "invocation", request_id, ("response" | "error") as kind]:
                self.server.api.complete(request_id, Outcome(body, is_error=kind == "error"))
            case _:
                self._answer(404)
                return
        self._answer(202, b'{"status": "OK"}\n', [("Content-Type", "application/json")])

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, status: int, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Every poll would be a line in LocalStack's log."""
