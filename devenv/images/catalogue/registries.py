"""Which registries answer from here, remembered for the run."""

from __future__ import annotations

import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from devenv.adapters.docker import Engine
from devenv.spec.image_reference import DEFAULT_REGISTRY

_SECONDS = 2.0
PATIENCE = 10.0
"""Seconds that a registry has where nothing can take its place: a busy machine is late with an answer."""
_REGISTRY_HEADER = "Docker-Distribution-Api-Version"
_ADDRESSES = {DEFAULT_REGISTRY: "registry-1.docker.io"}
"""Where a registry's name in references is not its host."""


class Registries:
    """Asks registries whether they are there; 401 is the usual answer.

    Asked by this process, which is quick, and by the engine, which may reach others: it may run on another machine,
    trusts certificates of its own and speaks plain HTTP with registries on the loopback. What one of the two reaches
    is there. An answer that only a proxy on the way gives (403, 407, 5xx without a registry's header) is none.
    """

    def __init__(self, engine: Engine | None = None, *, seconds: float = _SECONDS, scheme: str = "https") -> None:
        self._engine = engine
        self._seconds = seconds
        self._scheme = scheme
        self._known: dict[str, bool] = {}
        self._lock = threading.Lock()

    def answering(self, hosts: Iterable[str]) -> Mapping[str, bool]:
        """Each registry with whether it answers; all are asked at once, each once in a run."""
        wanted = set(hosts)
        with self._lock:
            unknown = sorted(wanted - self._known.keys())
            if unknown:
                with ThreadPoolExecutor(len(unknown)) as pool:
                    self._known.update(zip(unknown, pool.map(self._answers, unknown), strict=True))
            return {host: self._known[host] for host in wanted}

    def _answers(self, host: str) -> bool:
        """Ask in threads that are left behind after the time: resolving a name can take longer."""
        answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        asking = [self._ask, *([self._engine.images.reaches_registry] if self._engine else [])]
        for ask in asking:
            threading.Thread(target=lambda ask=ask: answers.put(ask(host)), name=f"ask {host}", daemon=True).start()
        until = time.monotonic() + self._seconds
        try:
            return any(answers.get(timeout=max(0.0, until - time.monotonic())) for _ in asking)
        except queue.Empty:
            return False

    def _ask(self, host: str) -> bool:
        return not refusal(host, seconds=self._seconds, scheme=self._scheme)


def refusal(host: str, *, seconds: float, scheme: str = "https") -> str:
    """Why this process does not reach a registry, in words; empty where it answers.

    The environment's proxies and the host's certificates count, as they do for the engine.
    """
    url = f"{scheme}://{_ADDRESSES.get(host, host)}/v2/"
    try:
        with urllib.request.urlopen(url, timeout=seconds):  # noqa: S310 (the scheme is ours)
            return ""
    except urllib.error.HTTPError as error:
        with error:
            answers = error.code == HTTPStatus.UNAUTHORIZED or _REGISTRY_HEADER in error.headers
            return "" if answers else f"something in between answers {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return str(error) or type(error).__name__
