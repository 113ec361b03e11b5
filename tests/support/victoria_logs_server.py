"""A VictoriaLogs server in a container, with the flags of the stack `logs` that decide what it takes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from devenv.adapters.docker import Engine
from devenv.logs.entries import FoundLogs, LogQuery
from devenv.logs.victoria_logs import found_in, question
from support.images import provide
from support.waiting import await_answer

_PORT = 9428
FLAGS = (
    "-storageDataPath=/data",
    "-inmemoryDataFlushInterval=1s",
    "-insert.maxLineSizeBytes=8MiB",
    "-defaultMsgValue=",
    "-memory.allowedBytes=64MiB",
)


class VictoriaLogsContainer:
    """A server whose data outlives its process."""

    def __init__(self, engine: Engine, labels: dict[str, str]) -> None:
        self.network = f"devenv-test-{uuid.uuid4().hex[:12]}"
        engine.networks.create(self.network, labels)
        self._container = engine.client.containers.create(
            provide("victoria-logs", engine),
            list(FLAGS),
            user="0",  # of an anonymous volume
            volumes=["/data"],
            network=self.network,
            ports={f"{_PORT}/tcp": ("127.0.0.1", 0)},
            mem_limit="384m",
            labels=labels,
        )
        self.start()

    @property
    def collecting(self) -> dict[str, str]:
        """What tells a log collector in its network where it is."""
        return {"VICTORIA_LOGS_URL": f"http://{self._container.short_id}:{_PORT}"}

    def _url(self) -> str:
        self._container.reload()
        published = self._container.ports[f"{_PORT}/tcp"]
        assert published
        return f"http://127.0.0.1:{published[0]['HostPort']}"

    def stop(self) -> None:
        """As when a pod is deleted."""
        self._container.stop()

    def kill(self) -> None:
        """As when its memory is out."""
        self._container.kill()

    def start(self) -> None:
        """Have it answer, on the same data."""
        self._container.start()
        await_answer(lambda: httpx2.get(f"{self._url()}/health", trust_env=False).raise_for_status(), httpx2.HTTPError)

    def find(self, query: LogQuery) -> FoundLogs:
        """As `devenv logs` does."""
        asked = {"query": question(query), "limit": str(query.limit + 1)}
        answer = httpx2.get(f"{self._url()}/select/logsql/query", params=asked, trust_env=False, timeout=60)
        return found_in(answer.raise_for_status().text, query.limit)

    def waits_in_memory(self) -> bool:
        """Whether lines were taken that are not on the disk yet."""
        told = httpx2.get(f"{self._url()}/metrics", trust_env=False).raise_for_status().text
        rows = [line for line in told.splitlines() if line.startswith('vl_storage_rows{type="storage/inmemory"}')]
        return not rows or not rows[0].endswith(" 0")

    def remove(self) -> None:
        """End it."""
        self._container.remove(force=True, v=True)


@contextmanager
def victoria_logs_server(engine: Engine, labels: dict[str, str]) -> Iterator[VictoriaLogsContainer]:
    """A server that lives as long as the block."""
    made = VictoriaLogsContainer(engine, labels)
    try:
        yield made
    finally:
        made.remove()
        engine.networks.remove(made.network)
