"""Images in the engine: which there are, and bringing them in and out."""

from __future__ import annotations

import base64
import json
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import docker
import requests
from docker.errors import APIError, ImageNotFound, create_api_error_from_http_exception

from devenv.adapters.docker.connection import disk_full, telling
from devenv.adapters.docker.labels import IMAGE, OURS, as_filter
from devenv.adapters.image_reference import Reference, normalise
from devenv.adapters.process import run
from devenv.errors import (
    CommandFailedError,
    DevenvError,
    EngineUnavailableError,
    ImageError,
    InterruptedRunError,
)

_CHUNK = 1 << 20
_QUEUED_CHUNKS = 4
_TICK = 0.2
"""Seconds between two looks at what stops it while a queue is waited for."""
_PULL_SECONDS = 3600.0
_IDLE_SECONDS = 900.0
"""The classic store prepares the whole archive before its first byte."""
_NO_CREDENTIALS = base64.urlsafe_b64encode(b"{}").decode()


class ImageStore:
    """What the engine can do with images; a part of `Engine`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.client = client
        """The library's client, for the few things that need more than this adapter offers."""

    @property
    def address(self) -> str:
        """Where the engine is, as the library calls it."""
        return str(self.client.api.base_url)

    @property
    def is_local(self) -> bool:
        """Whether it is asked over a socket of this machine; it may still run in a virtual machine of its own."""
        return self.address.startswith("http+docker://local")

    def image_ids(self, references: Iterable[str]) -> dict[str, str]:
        """Those of `references` that exist, with their image IDs; one call."""
        with telling("list the images", EngineUnavailableError):
            listed = self.client.api.images()
        ids: dict[str, str] = {}
        for image in listed:
            for name in [*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())]:
                if "<none>" not in name:
                    ids[normalise(name)] = image["Id"]
        full = {reference: normalise(reference) for reference in references}
        return {reference: ids[name] for reference, name in full.items() if name in ids}

    def inspect_image(self, reference: str) -> dict[str, Any]:
        """All that the engine knows of an image; raises ImageError when there is none."""
        with telling(f"inspect image {reference}", ImageError):
            try:
                found: dict[str, Any] = self.client.api.inspect_image(reference)  # type: ignore[no-untyped-call]
            except ImageNotFound as error:
                raise ImageError(f"the engine has no image {reference}") from error
        return found

    def image_size(self, reference: str) -> int:
        """Bytes of an image, unpacked."""
        return int(self.inspect_image(reference)["Size"])

    def pull(
        self,
        reference: str,
        on_progress: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        """Pull an image with the user's credentials; `on_progress` gets short messages.

        The command line does it: it knows credential helpers, and stops the engine's work when stopped.
        """
        layers: dict[str, bool] = {}

        def told(line: str) -> None:
            layer, separator, state = line.partition(": ")
            if on_progress and separator and " " not in layer:
                layers[layer] = state in {"Pull complete", "Already exists"}
                on_progress(f"{sum(layers.values())}/{len(layers)} layers")

        try:
            run(
                ["docker", "pull", reference],
                cancel=cancel,
                on_line=told,
                timeout=_PULL_SECONDS,
                what=f"pull {reference}",
            )
        except CommandFailedError as error:
            raise _refused(f"pull image {reference}", error) from error

    def registry_digest(self, reference: str) -> str:
        """The digest by which the registry knows a reference now."""
        with telling(f"ask for the digest of {reference}", ImageError):
            return str(self.client.images.get_registry_data(reference).id)

    def import_tar(
        self,
        stream: Iterable[bytes],
        reference: str,
        changes: Sequence[str] = (),
        labels: Mapping[str, str] = OURS,
    ) -> str:
        """Make an image of a root file system's tar, return its ID; `changes` are Dockerfile instructions."""
        name = Reference.parse(reference)
        applied = [*changes, *(f'LABEL "{key}"="{value}"' for key, value in {**labels, IMAGE: reference}.items())]
        with telling(f"import image {reference}", ImageError):
            answer = self.client.api.import_image_from_stream(
                iter(stream), repository=name.repository, tag=name.tag, changes=applied
            )
        if "errorDetail" in answer:
            if "no space left on device" in answer:
                raise disk_full(f"import image {reference}", answer)
            raise ImageError(f"import image {reference}: the engine refused", context={"cause": answer})
        return str(self.inspect_image(reference)["Id"])

    def save(self, references: Sequence[str], cancel: threading.Event | None = None) -> AnswerStream:
        """The archive of images as the engine writes it, begun at once, in chunks; memory is bounded.

        Reading raises ImageError when there is no such image, InterruptedRunError within a second of `cancel`.
        """
        request = {"method": "GET", "params": [("names", reference) for reference in references]}
        return AnswerStream(self.client.api, "images/get", request, f"save {', '.join(references)}", _set(cancel))

    def push(self, repository: str, tag: str, stopped: Callable[[], bool]) -> None:
        """Push a tag without credentials, until the registry has it or `stopped` answers true.

        Raises ImageError when the registry cannot be reached or refuses, InterruptedRunError when stopped.
        """
        what = f"push {repository}"
        # Podman has to be told that the registry may have no TLS; Docker knows that of the loopback.
        params = {"tag": tag, "tlsVerify": "false"}
        request = {"method": "POST", "params": params, "headers": {"X-Registry-Auth": _NO_CREDENTIALS}}
        rest = b""
        with closing(AnswerStream(self.client.api, f"images/{repository}/push", request, what, stopped)) as answer:
            for chunk in answer:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip() and (cause := json.loads(line).get("error")):
                        raise ImageError(f"{what}: the engine failed", context={"cause": cause})

    def layer_sizes(self, reference: str) -> list[int]:
        """Bytes of the files in each step of an image's history, bottom first; 0 for steps without a layer."""
        with telling(f"ask for the history of {reference}", ImageError):
            history = self.client.api.history(reference)  # type: ignore[no-untyped-call]
        return [int(entry["Size"]) for entry in reversed(history)]

    def tag(self, source: str, target: str) -> None:
        """Give an image one more name."""
        name = Reference.parse(target)
        with telling(f"tag {source} as {target}", ImageError):
            self.client.api.tag(source, name.repository, name.tag)

    def images_with(self, labels: Mapping[str, str] = OURS) -> dict[str, tuple[str, ...]]:
        """Images that carry labels: ID to their references (none for dangling ones)."""
        with telling("list the images", EngineUnavailableError):
            listed = self.client.api.images(filters={"label": as_filter(labels)})
        return {
            image["Id"]: tuple(name for name in image.get("RepoTags") or () if "<none>" not in name) for image in listed
        }

    def remove_images(self, references: Iterable[str]) -> None:
        """Remove references or IDs, and images that lose their last name by it; absent ones are fine."""
        for reference in references:
            with telling(f"remove image {reference}", ImageError):
                try:
                    self.client.api.remove_image(reference, force=True)
                except ImageNotFound:
                    continue  # absent is what is wanted

    def remove_unneeded_images(self, references: Iterable[str]) -> list[str]:
        """The same, but without force; returns those that stay, since a container or another image needs them."""
        kept = []
        for reference in references:
            with telling(f"remove image {reference}", ImageError):
                try:
                    self.client.api.remove_image(reference)
                except ImageNotFound:
                    continue  # absent is what is wanted
                except APIError as error:
                    if error.status_code != requests.codes.conflict:
                        raise
                    kept.append(reference)
        return kept


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
        """More of it."""
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
                with telling(self._what, ImageError):
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


def _set(cancel: threading.Event | None) -> Callable[[], bool]:
    return cancel.is_set if cancel else lambda: False


def _refused(what: str, error: CommandFailedError) -> DevenvError:
    if "no space left on device" in error.output:
        return disk_full(what, error.output)
    return ImageError(
        f"{what}: the registry or the engine refused",
        context=error.context,
        hint="see whether the registry answers, or build it: devenv up --images recipes",
    )
