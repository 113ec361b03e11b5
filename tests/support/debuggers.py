"""Clients of debuggers over a socket, as editors are.

debugpy and Delve speak the Debug Adapter Protocol: https://microsoft.github.io/debug-adapter-protocol/specification.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import Request, TextMessage

Message = dict[str, Any]


class DebugAdapter:
    """One connection; what comes and was not asked for yet is kept."""

    def __init__(self, host: str, port: int, *, seconds: float = 60) -> None:
        self._socket = socket.create_connection((host, port), timeout=seconds)
        self._file = self._socket.makefile("rb")
        self._sent = 0
        self._kept: list[Message] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._socket.close()

    def attach(self, arguments: Mapping[str, Any]) -> None:
        """Begin a session; breakpoints are set next, and then `configured`."""
        capabilities = {"adapterID": "test", "linesStartAt1": True, "columnsStartAt1": True, "pathFormat": "path"}
        self.answer(self.send("initialize", capabilities))
        self._attaching = self.send("attach", arguments)
        self.event("initialized")

    def configured(self) -> None:
        """All breakpoints are set."""
        self.answer(self.send("configurationDone", {}))
        self.answer(self._attaching)

    def request(self, command: str, arguments: Mapping[str, Any]) -> Message:
        """What the adapter answers to a request."""
        return self.answer(self.send(command, arguments))

    def send(self, command: str, arguments: Mapping[str, Any]) -> int:
        """Send a request; its number."""
        self._sent += 1
        body = json.dumps({"seq": self._sent, "type": "request", "command": command, "arguments": arguments}).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self._sent

    def answer(self, number: int) -> Message:
        found = self._next(lambda m: m["type"] == "response" and m["request_seq"] == number)
        assert found["success"], found
        body: Message = found.get("body") or {}
        return body

    def event(self, name: str) -> Message:
        body: Message = self._next(lambda m: m["type"] == "event" and m["event"] == name).get("body") or {}
        return body

    def _next(self, wanted: Callable[[Message], bool]) -> Message:
        for message in self._kept:
            if wanted(message):
                self._kept.remove(message)
                return message
        while not wanted(message := self._read()):
            self._kept.append(message)
        return message

    def _read(self) -> Message:
        size = 0
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        assert size, "the debugger closed the connection"
        message: Message = json.loads(self._file.read(size))
        return message


class Inspector:
    """Node's inspector over a websocket: https://chromedevtools.github.io/devtools-protocol/v8."""

    def __init__(self, host: str, port: int, *, seconds: float = 60) -> None:
        listed = httpx2.get(f"http://{host}:{port}/json/list", timeout=seconds).json()
        self._socket = socket.create_connection((host, port), timeout=seconds)
        self._wire = WSConnection(ConnectionType.CLIENT)
        target = urlsplit(listed[0]["webSocketDebuggerUrl"]).path
        self._socket.sendall(self._wire.send(Request(host=f"{host}:{port}", target=target)))
        self._sent = 0
        self._kept: list[Message] = []
        self._text = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def request(self, method: str, **parameters: Any) -> Message:
        """What it answers to a command."""
        number = self.send(method, **parameters)
        found = self._next(lambda m: m.get("id") == number)
        assert "result" in found, found
        result: Message = found["result"]
        return result

    def send(self, method: str, **parameters: Any) -> int:
        """Send a command; its number."""
        self._sent += 1
        text = json.dumps({"id": self._sent, "method": method, "params": parameters})
        self._await_open()
        self._socket.sendall(self._wire.send(TextMessage(data=text)))
        return self._sent

    def event(self, method: str) -> Message:
        parameters: Message = self._next(lambda m: m.get("method") == method)["params"]
        return parameters

    def _await_open(self) -> None:
        while self._wire.state is ConnectionState.CONNECTING:
            self._receive()

    def _next(self, wanted: Callable[[Message], bool]) -> Message:
        while True:
            for message in self._kept:
                if wanted(message):
                    self._kept.remove(message)
                    return message
            self._receive()

    def _receive(self) -> None:
        data = self._socket.recv(1 << 16)
        assert data, "the inspector closed the connection"
        self._wire.receive_data(data)
        for event in self._wire.events():
            if isinstance(event, TextMessage):
                self._text += event.data
                if event.message_finished:
                    self._kept.append(json.loads(self._text))
                    self._text = ""


def value_at_breakpoint(adapter: DebugAdapter, expression: str) -> str:
    """Wait until a thread stands at a breakpoint, and evaluate there."""
    thread = adapter.event("stopped")["threadId"]
    frame = adapter.request("stackTrace", {"threadId": thread, "levels": 1})["stackFrames"][0]["id"]
    value = str(adapter.request("evaluate", {"expression": expression, "frameId": frame, "context": "watch"})["result"])
    adapter.request("continue", {"threadId": thread})
    return value
