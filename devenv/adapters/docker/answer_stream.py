"""The body of an engine's answer, read as it comes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import docker
import requests
from docker.errors import create_api_error_from_http_exception

from devenv.adapters.docker.connection import translate_errors
from devenv.errors import ImageError, InterruptedRunError

_CHUNK = 1 << 20
_QUEUED_CHUNKS = 4
_TICK = 0.2
"""Seconds between two looks at what stops it while a queue is waited for."""
_IDLE_SECONDS = 900.0
"""The classic store prepares the whole archive before its first byte."""


class AnswerStream(Iterator[bytes]):
    """The body of an engine's answer as it comes. The engine may be silent for long, so a thread reads it.

    The question is asked at once, and the engine stops its work when the stream is closed.
    """

    def __init__(
        self, api: docker.APIClient, path: str, request: Mapping[str, Any], what: str, stopped: Callable[[], bool]
    ) -> None:
        """`what` is done, for errors; reading ends with InterruptedRunError soon after `stopped` answers true."""
        self._api = api
        self._what = what
        self._stopped = stopped
        self._chunks: queue.Queue[bytes | BaseException | None] = queue.Queue(_QUEUED_CHUNKS)
        self._closed = threading.Event()
        url = f"{api.base_url}/v{api.api_version}/{path}"
        threading.Thread(target=self._read, args=(url, request), name=what, daemon=True).start()

    def __next__(self) -> bytes:
        while not self._closed.is_set():
            if self._stopped():
                self.close()
                raise InterruptedRunError(f"stopped: {self._what}")
            try:
                chunk = self._chunks.get(timeout=_TICK)
            except queue.Empty:
                continue
            if isinstance(chunk, bytes):
                return chunk
            self.close()
            if chunk:
                with translate_errors(self._what, ImageError):
                    raise chunk
        raise StopIteration

    def close(self) -> None:
        """Nothing more is wanted; may be called again."""
        self._closed.set()

    def _read(self, url: str, request: Mapping[str, Any]) -> None:
        try:
            with self._api.request(url=url, stream=True, timeout=_IDLE_SECONDS, **request) as response:
                _raise_for_status(response)
                for chunk in response.iter_content(_CHUNK):
                    if not self._put(chunk):
                        return
        except BaseException as error:  # noqa: BLE001 (raised again where the chunks are read)
            self._put(error)
        else:
            self._put(None)

    def _put(self, item: bytes | BaseException | None) -> bool:
        """Queue an item unless nothing more is wanted; whether it was queued."""
        while not self._closed.is_set():
            try:
                self._chunks.put(item, timeout=_TICK)
            except queue.Full:
                continue
            return True
        return False


def _raise_for_status(response: requests.Response) -> None:
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        create_api_error_from_http_exception(error)
