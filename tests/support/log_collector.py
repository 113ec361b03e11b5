"""The log collector in a container, beside what keeps its lines, and logs as a container runtime writes them."""

from __future__ import annotations

import gzip
import os
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from devenv.adapters.docker import Engine
from devenv.labels import OURS
from support.images import provide
from support.server_container import server_container

_PORT = 9880
_LOGS, _SPOOL = "/var/log/pods", "/var/lib/devenv-logs"


class Store(Protocol):
    """A server that keeps lines."""

    @property
    def network(self) -> str:
        """The network that it is in."""

    @property
    def collecting(self) -> dict[str, str]:
        """What tells a log collector there where it is."""


def stamp(nanoseconds: int) -> str:
    """A time as a runtime writes it."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z"


class ContainerLog:
    """The log of one container, with what the kubelet does to it."""

    def __init__(self, logs: Path, pod: str = "shop_api-0_1234", container: str = "api") -> None:
        self._folder = logs / pod / container
        self._folder.mkdir(parents=True)
        self._at = time.time_ns()
        self._rotated: list[Path] = []
        self.current = self._folder / "0.log"
        self._file = self.current.open("a", encoding="utf-8")

    def write(self, lines: Iterable[str], *, stream: str = "stdout", tag: str = "F") -> None:
        """Write lines, each a microsecond after the other."""
        made = []
        for line in lines:
            self._at += 1000
            made.append(f"{stamp(self._at)} {stream} {tag} {line}\n")
        self._file.write("".join(made))
        self._file.flush()

    def rotate(self) -> None:
        """Rename the file, compress those before it, and go on in a new one."""
        for earlier in self._rotated:
            if earlier.exists():
                with earlier.open("rb") as read, gzip.open(f"{earlier}.gz", "wb") as packed:
                    shutil.copyfileobj(read, packed)
                earlier.unlink()
        renamed = self._folder / f"0.log.20261129-{100000 + len(self._rotated)}"
        self.current.rename(renamed)
        self._rotated.append(renamed)
        self._file.close()
        self._file = self.current.open("a", encoding="utf-8")

    def remove(self) -> None:
        """Remove it with its pod."""
        self._file.close()
        shutil.rmtree(self._folder.parent)


class LogCollector:
    """The collector of a node whose logs are in a folder."""

    def __init__(self, engine: Engine, server: Store, folder: Path) -> None:
        self.logs = folder / "pods"
        spool = folder / "spool"
        for made in (self.logs, spool):
            made.mkdir()
        self._container = engine.client.containers.create(
            provide("log-collector", engine),
            environment={
                **server.collecting,
                "NODE_NAME": "node-1",
                "GOMEMLIMIT": "96MiB",
            },
            user=f"{os.getuid()}:{os.getgid()}",  # the test's files are its own
            volumes=[f"{self.logs}:{_LOGS}:ro", f"{spool}:{_SPOOL}"],
            network=server.network,
            ports={f"{_PORT}/tcp": ("127.0.0.1", 0)},
            mem_limit="128m",
            read_only=True,
            cap_drop=["ALL"],
            # Not the server's labels, by which that is found.
            labels={**OURS, "devenv.io/test": uuid.uuid4().hex},
        )
        self._container.start()

    def kill(self) -> None:
        """End it without a chance to write down anything."""
        self._container.kill()

    def start(self) -> None:
        """Have it go on."""
        self._container.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        self._container.reload()
        published = self._container.ports[f"{_PORT}/tcp"]
        assert published
        return f"http://127.0.0.1:{published[0]['HostPort']}"

    def said(self) -> str:
        """What it wrote itself."""
        return self._container.logs().decode()

    def usage(self) -> tuple[float, float]:
        """Seconds of processor time, and mebibytes of memory that are its own: files that the kernel keeps are not."""
        stats = self._container.stats(stream=False)
        assert isinstance(stats, dict)
        memory = stats["memory_stats"]["stats"]
        # Control groups of version 2 call it otherwise.
        own = memory["anon"] if "anon" in memory else memory["total_rss"]
        return stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, own / 2**20

    def remove(self) -> None:
        """End it."""
        self._container.remove(force=True, v=True)


@contextmanager
def log_collector(engine: Engine, server: Store, folder: Path) -> Iterator[LogCollector]:
    """A collector that lives as long as the block."""
    collector = LogCollector(engine, server, folder)
    try:
        yield collector
    finally:
        collector.remove()


@contextmanager
def answering_collector(engine: Engine, server: Store) -> Iterator[str]:
    """One that reads no logs while the block runs: yields where it answers the page."""
    labels = {**OURS, "devenv.io/test": uuid.uuid4().hex}
    options = {
        "environment": {**server.collecting, "COLLECT": "false"},
        "network": server.network,
        "read_only": True,
        "cap_drop": ["ALL"],
    }
    with server_container(engine, provide("log-collector", engine), labels, _PORT, **options) as port:
        yield f"http://127.0.0.1:{port}"
