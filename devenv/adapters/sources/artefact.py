"""Stacks of an OCI artefact: the layers of the manifest that a digest names, each verified.

Responsible for the pull half of the distribution specification. Logins are those of `docker login`.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx2

from devenv.adapters.docker.logins import login_at
from devenv.adapters.sources.archive import unpack
from devenv.adapters.tools.transfer import host_tls
from devenv.errors import DownloadError, InterruptedRunError
from devenv.spec.image_reference import Reference

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_LARGEST = 64 << 20
_TEXT = 4 << 20
_SECONDS = 30.0
_HUB = {"docker.io": "registry-1.docker.io"}
_LOOPBACK = re.compile(r"(localhost|127(\.\d+){3})(:\d+)?")
"""Registries here may speak without TLS, as engines have it."""
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


def fetch_artefact(reference: str, folder: Path, *, cancel: threading.Event | None = None) -> None:
    """Fill an empty folder with the files of an artefact, `registry/repository@sha256:…`.

    Raises:
        DownloadError: the registry cannot be reached, refuses, or has something else under a digest.
        InterruptedRunError: `cancel` was set.
    """
    name = Reference.parse(reference)
    try:
        with _Registry(name, cancel or threading.Event()) as registry:
            unpack(registry.layers(), folder, origin=reference)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise DownloadError(
            f"{name.registry} cannot be reached for {name.path}",
            context={"cause": str(error) or type(error).__name__},
            hint="check the network; with registry_mirrors devenv.yaml names a mirror",
        ) from error


class _Registry:
    """One repository of a registry."""

    def __init__(self, name: Reference, cancel: threading.Event) -> None:
        self._name = name
        self._cancel = cancel
        scheme = "http" if _LOOPBACK.fullmatch(name.registry) else "https"
        host = _HUB.get(name.registry, name.registry)
        self._base = f"{scheme}://{host}/v2/{name.path}"
        self._client = httpx2.Client(verify=host_tls(), follow_redirects=True, timeout=_SECONDS)
        self._headers: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def layers(self) -> Iterator[bytes]:
        """The archives of the manifest."""
        manifest = self._manifest()
        listed = manifest.get("layers")
        if not isinstance(listed, list) or not listed:
            raise DownloadError(f"{self._name} has no layers", hint="an artefact of tar archives is expected")
        for layer in listed:
            digest, kind = str(layer.get("digest", "")), str(layer.get("mediaType", ""))
            if "tar" not in kind:
                raise DownloadError(f"{self._name} has a layer that is no tar archive: {kind}")
            yield self._verified(f"{self._base}/blobs/{digest}", digest, _LARGEST)

    def _manifest(self) -> Mapping[str, Any]:
        accept = {"Accept": ", ".join((*_MANIFESTS, *_INDEXES))}
        text = self._verified(f"{self._base}/manifests/{self._name.digest}", self._name.digest, _TEXT, accept)
        try:
            found = json.loads(text)
        except ValueError as error:
            raise DownloadError(f"{self._name} is no manifest", context={"cause": str(error)}) from error
        if not isinstance(found, dict) or found.get("manifests"):
            raise DownloadError(
                f"{self._name} is an index of several manifests", hint="name the digest of the one that holds stacks"
            )
        return found

    def _verified(self, url: str, digest: str, largest: int, headers: Mapping[str, str] | None = None) -> bytes:
        """What an address answers with, which is what the digest says."""
        body = self._get(url, largest, dict(headers or {}))
        if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
            raise DownloadError(f"{self._name.registry} has something else under {digest} of {self._name.path}")
        return body

    def _get(self, url: str, largest: int, headers: dict[str, str]) -> bytes:
        for again in (True, False):
            with self._client.stream("GET", url, headers={**headers, **self._headers}) as answer:
                if answer.status_code == httpx2.codes.UNAUTHORIZED and again and not self._headers:
                    self._headers = self._login(answer.headers.get("WWW-Authenticate", ""))
                    continue
                if not answer.is_success:
                    raise self._refused(answer.status_code)
                return self._body(answer, largest)
        raise self._refused(httpx2.codes.UNAUTHORIZED)

    def _body(self, answer: httpx2.Response, largest: int) -> bytes:
        body = bytearray()
        for chunk in answer.iter_bytes():
            if self._cancel.is_set():
                raise InterruptedRunError(f"stopped: fetch {self._name}")
            body += chunk
            if len(body) > largest:
                raise DownloadError(f"{self._name} has a part of more than {largest >> 20} MiB")
        return bytes(body)

    def _login(self, challenge: str) -> dict[str, str]:
        """The header that answers a registry's challenge, with the user's login where there is one."""
        login = login_at(self._name.registry)
        basic = httpx2.BasicAuth(*login) if login else None
        if not challenge.lower().startswith("bearer "):
            request = self._client.build_request("GET", self._base)
            return {"Authorization": next(basic.auth_flow(request)).headers["Authorization"]} if basic else {}
        asked = dict(_CHALLENGE.findall(challenge))
        realm = asked.pop("realm", "")
        asked.setdefault("scope", f"repository:{self._name.path}:pull")
        if self._base.startswith("https:") and not realm.startswith("https:"):
            raise DownloadError(f"{self._name.registry} would have its login sent without TLS: {realm}")
        answer = self._client.get(realm, params=asked, auth=basic)
        if not answer.is_success:
            raise self._refused(answer.status_code)
        data = answer.json()
        return {"Authorization": f"Bearer {data.get('token') or data.get('access_token') or ''}"}

    def _refused(self, status: int) -> DownloadError:
        login = status in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}
        return DownloadError(
            f"{self._name.registry} answers {status} for {self._name.path}",
            hint=f"docker login {self._name.registry}" if login else "look whether it has the artefact and the digest",
        )
