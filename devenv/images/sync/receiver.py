"""Nodes' receivers: one program waits in each node and writes what it is sent into containers there.

Responsible for their life and for what they answer. A program takes as long to start as a sync takes to arrive.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.errors import ClusterError, DevenvError
from devenv.images.nodes.program import NodeProgram
from devenv.images.sync.message import OVER, Answer, SyncParcel, by_node

TASKS = "/run/containerd/io.containerd.runtime.v2.task/k8s.io"
"""Where containerd has its tasks, by the IDs of their containers: the shim's `bundle` folder of its second version."""
_PROGRAM = Path(__file__).with_name("receiver.pl")
_SECONDS = 300.0
"""For so long an answer is waited for; what runs in containers may take two minutes each."""


class NodeReceiver:
    """The receiver in one node."""

    def __init__(self, engine: Engine, node: str, cancel: threading.Event | None, tasks: str = TASKS) -> None:
        """Start it, which takes a moment that nobody waits for; it is stopped when `cancel` is set."""
        self._node = node
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        argv = ["perl", "-e", _PROGRAM.read_text(encoding="utf-8"), tasks]
        self._program = NodeProgram(engine, node, argv, cancel)
        self._program.serve(self._on_line, self._on_end)

    @property
    def is_fresh(self) -> bool:
        """Whether it runs, and will for as long as a sync may take."""
        return self._program.is_fresh

    def send(self, parcel: SyncParcel, containers: Sequence[str]) -> None:
        """Have files written into containers of the node; `answers` tells what has come of it."""
        self._program.put(parcel.addressed(containers))

    def answers(self) -> list[Answer]:
        """What it says of what it was sent last.

        Raises:
            ClusterError: it does not answer, or has ended.
        """
        found: list[Answer] = []
        end = time.monotonic() + _SECONDS
        while True:
            try:
                answer = self._answers.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                self._program.break_off(f"sync into {self._node}")
                raise ClusterError(f"node {self._node} does not answer within {_SECONDS:.0f} s") from None
            if answer is None:
                return found
            found.append(answer)
            if answer.outcome == "failed" and answer.container == "-":
                raise ClusterError(f"node {self._node} cannot sync", context={"cause": answer.text})

    def end(self) -> None:
        """Nothing more comes."""
        self._program.end()

    def join(self) -> None:
        """Wait for its end."""
        self._program.join()

    def _on_line(self, line: str) -> None:
        if line == OVER:
            self._answers.put(None)
        elif answer := Answer.parse(line):
            self._answers.put(answer)

    def _on_end(self) -> None:
        error = self._program.error
        cause = (error.context.get("last lines") or error.message) if error else "its program has ended"
        self._answers.put(Answer("failed", "-", text=cause))


class Receivers:
    """One receiver in each node, from the first wait to `close`."""

    def __init__(self, engine: Engine, cancel: threading.Event | None) -> None:
        self._engine = engine
        self._cancel = cancel
        self._running: dict[str, NodeReceiver] = {}

    def keep(self, nodes: Sequence[str]) -> None:
        """Have one wait in each node; those that are gone, or will be soon, are replaced."""
        for node in nodes:
            running = self._running.get(node)
            if running and running.is_fresh:
                continue
            if running:
                running.end()
            self._running[node] = NodeReceiver(self._engine, node, self._cancel)

    def sync(self, parcel: SyncParcel, containers: Mapping[str, str]) -> list[Answer]:
        """Write files into containers, given with their nodes, all at once; what came of each.

        Raises:
            ClusterError: a node does not answer.
        """
        nodes = list(by_node(containers))
        self.keep([node for node, _ in nodes])
        for node, there in nodes:
            self._running[node].send(parcel, there)
        found: list[Answer] = []
        failure: ClusterError | None = None
        for node, _ in nodes:
            try:
                found += self._running[node].answers()
            except ClusterError as error:
                self._running.pop(node).end()
                failure = error
        if failure:
            raise failure
        return found

    def close(self) -> None:
        """End them all."""
        for receiver in self._running.values():
            receiver.end()
        for receiver in self._running.values():
            with suppress(DevenvError):
                receiver.join()
        self._running.clear()
