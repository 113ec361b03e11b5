"""Images in the engine: which there are, and bringing them in and out."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from typing import Any

import docker
import requests
from docker.errors import APIError, ImageNotFound

from devenv.adapters.docker.answer_stream import AnswerStream
from devenv.adapters.docker.connection import disk_full, translate_errors
from devenv.adapters.docker.labels import as_filter
from devenv.adapters.docker.refusals import registry_error
from devenv.adapters.docker.stored_images import StoredImage
from devenv.adapters.process import NO_SPACE, run
from devenv.errors import (
    CommandFailedError,
    CommandTimeoutError,
    DevenvError,
    EngineUnavailableError,
    ImageError,
    ImageNotFoundError,
    RateLimitedError,
    RegistryLoginError,
)
from devenv.labels import LABEL_IMAGE, OURS
from devenv.spec.image_reference import Reference, normalise

_PULL_SECONDS = 3600.0
_NO_CREDENTIALS = base64.urlsafe_b64encode(b"{}").decode()


class Images:
    """What the engine can do with images: `Engine.images`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    def ids(self, references: Iterable[str]) -> dict[str, str]:
        """Those of `references` that exist, with their image IDs; one call."""
        with translate_errors("list the images", EngineUnavailableError):
            listed = self._client.api.images()
        ids: dict[str, str] = {}
        for image in listed:
            for name in [*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())]:
                if "<none>" not in name:
                    ids[normalise(name)] = image["Id"]
        full = {reference: normalise(reference) for reference in references}
        return {reference: ids[name] for reference, name in full.items() if name in ids}

    def inspect(self, reference: str) -> dict[str, Any]:
        """All that the engine knows of an image; raises ImageError when there is none."""
        with translate_errors(f"inspect image {reference}", ImageError):
            try:
                found: dict[str, Any] = self._client.api.inspect_image(reference)  # type: ignore[no-untyped-call]
            except ImageNotFound as error:
                raise ImageError(f"the engine has no image {reference}") from error
        return found

    def size(self, reference: str) -> int:
        """Bytes of an image, unpacked."""
        return int(self.inspect(reference)["Size"])

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

        def report(line: str) -> None:
            layer, separator, state = line.partition(": ")
            if on_progress and separator and " " not in layer:
                layers[layer] = state in {"Pull complete", "Already exists"}
                on_progress(f"{sum(layers.values())}/{len(layers)} layers")

        try:
            run(
                ["docker", "pull", reference],
                cancel=cancel,
                on_line=report,
                timeout=_PULL_SECONDS,
                what=f"pull {reference}",
            )
        except CommandTimeoutError:
            raise
        except CommandFailedError as error:
            what, command = f"pull image {reference}", {"command": error.context["command"]}
            raise registry_error(what, reference, error.output, command) from error

    def registry_digest(self, reference: str) -> str:
        """The digest by which the registry knows a reference now; raises RegistryError when it does not say."""
        what = f"ask for the digest of {reference}"
        with translate_errors(what, ImageError):
            try:
                return str(self._client.images.get_registry_data(reference).id)
            except APIError as error:
                raise registry_error(what, reference, str(error.explanation or error)) from error

    def reaches_registry(self, host: str) -> bool:
        """Whether a registry answers this engine, be it with a refusal; it is asked for an image that nobody has."""
        try:
            self.registry_digest(f"{host}/devenv/is-there:latest")
        except (ImageNotFoundError, RegistryLoginError, RateLimitedError):
            return True
        except DevenvError:
            return False  # no answer is the answer
        return True

    def import_tar(
        self,
        stream: Iterable[bytes],
        reference: str,
        changes: Sequence[str] = (),
        labels: Mapping[str, str] = OURS,
    ) -> str:
        """Make an image of a root file system's tar, return its ID; `changes` are Dockerfile instructions."""
        name = Reference.parse(reference)
        applied = [*changes, *(f'LABEL "{key}"="{value}"' for key, value in {**labels, LABEL_IMAGE: reference}.items())]
        with translate_errors(f"import image {reference}", ImageError):
            answer = self._client.api.import_image_from_stream(
                iter(stream), repository=name.repository, tag=name.tag, changes=applied
            )
        if "errorDetail" in answer:
            if NO_SPACE in answer:
                raise disk_full(f"import image {reference}", answer)
            raise ImageError(f"import image {reference}: the engine refused", context={"cause": answer})
        return str(self.inspect(reference)["Id"])

    def save(self, references: Sequence[str], cancel: threading.Event | None = None) -> AnswerStream:
        """The archive of images as the engine writes it, begun at once, in chunks; memory is bounded.

        Reading raises ImageError when there is no such image, InterruptedRunError within a second of `cancel`.
        """
        request = {"method": "GET", "params": [("names", reference) for reference in references]}
        return AnswerStream(self._client.api, "images/get", request, f"save {', '.join(references)}", _set(cancel))

    def push(self, repository: str, tag: str, stopped: Callable[[], bool]) -> None:
        """Push a tag without credentials, until the registry has it or `stopped` answers true.

        Raises ImageError when the registry cannot be reached or refuses, InterruptedRunError when stopped.
        """
        what = f"push {repository}"
        # Podman has to be told that the registry may have no TLS; Docker knows that of the loopback.
        params = {"tag": tag, "tlsVerify": "false"}
        request = {"method": "POST", "params": params, "headers": {"X-Registry-Auth": _NO_CREDENTIALS}}
        rest = b""
        with closing(AnswerStream(self._client.api, f"images/{repository}/push", request, what, stopped)) as answer:
            for chunk in answer:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip() and (cause := json.loads(line).get("error")):
                        raise ImageError(f"{what}: the engine failed", context={"cause": cause})

    def layer_sizes(self, reference: str) -> Sequence[int]:
        """Bytes of the files in each step of an image's history, bottom first; 0 for steps without a layer."""
        with translate_errors(f"ask for the history of {reference}", ImageError):
            history = self._client.api.history(reference)  # type: ignore[no-untyped-call]
        return [int(entry["Size"]) for entry in reversed(history)]

    def tag(self, source: str, target: str) -> None:
        """Give an image one more name."""
        name = Reference.parse(target)
        with translate_errors(f"tag {source} as {target}", ImageError):
            self._client.api.tag(source, name.repository, name.tag)

    def list(self, labels: Mapping[str, str] | None = None) -> Sequence[StoredImage]:
        """All images with these labels, dangling ones included, newest first."""
        filters = {"label": as_filter(labels)} if labels else {}
        with translate_errors("list the images", EngineUnavailableError):
            listed = self._client.api.images(filters=filters)
        return sorted(
            (StoredImage.read(entry) for entry in listed), key=lambda image: (-image.created, image.references)
        )

    def made_with(self, labels: Mapping[str, str], stored: Iterable[StoredImage]) -> frozenset[str]:
        """Names of those images, and IDs of nameless ones, that were given these labels and did not inherit them.

        A name is the one that the image was made as. A nameless image is known by its history: it was imported whole,
        or is made as the image is that has its name now. Where neither can be seen, it may be a user's.
        """
        labelled = [image for image in stored if labels.items() <= image.labels.items()]
        named = {name for image in labelled for name in image.references if image.was_made_as(name)}
        nameless = [image for image in labelled if not image.references]
        return frozenset([*named, *(image.id for image in nameless if self._is_former(image, named))])

    def total_bytes(self) -> int:
        """Bytes that all images together take on the engine's disk, shared layers counted once."""
        with translate_errors("ask what the images take", EngineUnavailableError):
            return int(self._client.api.df().get("LayersSize") or 0)

    def remove(self, references: Iterable[str]) -> None:
        """Remove references or IDs, and images that lose their last name by it; absent ones are fine."""
        for reference in references:
            with translate_errors(f"remove image {reference}", ImageError):
                try:
                    self._client.api.remove_image(reference, force=True)
                except ImageNotFound:
                    continue  # absent is what is wanted

    def remove_unneeded(self, references: Iterable[str]) -> Sequence[str]:
        """The same, but without force; returns those that stay, since a container or another image needs them."""
        kept = []
        for reference in references:
            with translate_errors(f"remove image {reference}", ImageError):
                try:
                    self._client.api.remove_image(reference)
                except ImageNotFound:
                    continue  # absent is what is wanted
                except APIError as error:
                    if error.status_code != requests.codes.conflict:
                        raise
                    kept.append(reference)
        return kept

    def _is_former(self, image: StoredImage, named: AbstractSet[str]) -> bool:
        made = self._history(image.id)
        successor = image.labels.get(LABEL_IMAGE)
        return len(made) == 1 or (successor in named and self._history(str(successor)) == made)

    def _history(self, image: str) -> Sequence[str]:
        """The commands that made an image, last first."""
        with translate_errors(f"ask for the history of {image}", EngineUnavailableError):
            history = self._client.api.history(image)  # type: ignore[no-untyped-call]
        return [str(entry["CreatedBy"]) for entry in history]


def _set(cancel: threading.Event | None) -> Callable[[], bool]:
    return cancel.is_set if cancel else lambda: False
