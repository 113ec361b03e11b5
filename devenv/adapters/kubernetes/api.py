"""Plain JSON objects from and to one cluster's API server: requests, watches, logs.

Responsible for the transport: kubeconfig, TLS, errors as ours. What the objects mean is its users' concern.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import httpx2
import yaml
from lightkube import Client, ConfigError, KubeConfig
from lightkube.core.generic_client import BasicRequest

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.streams import LineStream, Watch
from devenv.errors import ApiRefusedError, ApiUnreachableError

METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
"""Accept header that leaves out everything but the metadata: Helm's secrets hold whole charts."""
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
"""Accept header that lists every kind of resource in one answer."""

TIMEOUT = 10.0
"""Seconds that a question may take where nobody says otherwise."""
_SHORTEST_PAUSE = 0.1
"""Seconds between two questions to a server that wants to be asked again at once."""
SERVER_TIMEOUT = 60.0
"""Seconds after which the API server itself gives up: `--request-timeout` of kube-apiserver. A busy one needs many."""
_READING = threading.Lock()
"""Held while a kubeconfig is read. msgspec, by which lightkube reads it, makes its table of a type at the type's first
use; where two threads do so at once, one reads what the other has not written yet: a segmentation fault."""
ContentType = Literal[
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/json",
]


class Api(Client):
    """One API server. Threads may share it.

    lightkube finds and checks the credentials and keeps the connections. Its typed models are left aside: the
    rules that judge objects want them as they are, and logs of previous containers are not among its calls.
    """

    def __init__(self, kubeconfig: Path) -> None:
        try:
            with _READING:
                config = KubeConfig.from_file(kubeconfig)
            # The environment's proxies are not for a server on this host.
            super().__init__(config=config, timeout=httpx2.Timeout(TIMEOUT), trust_env=False)
        except (ConfigError, OSError, LookupError, TypeError, ValueError, AttributeError, yaml.YAMLError) as error:
            raise ApiUnreachableError(
                f"the kubeconfig {kubeconfig} cannot be used", context={"cause": str(error)}
            ) from error
        self.kubeconfig = kubeconfig

    def fetch(self, path: str, *, accept: str = "application/json", timeout: float = TIMEOUT, **query: str) -> Json:
        """GET an object or a list; raises ApiRefusedError and ApiUnreachableError, as all methods do."""
        return _json(self._ask("GET", path, query, accept=accept, timeout=timeout))

    def find(self, path: str, *, timeout: float = TIMEOUT) -> Json | None:
        """GET an object; None when there is none."""
        try:
            return self.fetch(path, timeout=timeout)
        except ApiRefusedError as error:
            if error.status == httpx2.codes.NOT_FOUND:
                return None
            raise

    def items(self, path: str, *, accept: str = "application/json", selector: str = "") -> list[Json]:
        """GET the items of a list, those with the labels that `selector` asks for."""
        query = {"labelSelector": selector} if selector else {}
        found: list[Json] | None = _json(self._ask("GET", path, query, accept=accept))["items"]
        return found or []  # an empty list comes as null at times

    def text(self, path: str, *, timeout: float = TIMEOUT, **query: str) -> str:
        """GET plain text: logs, health."""
        return self._ask("GET", path, query, accept="*/*", timeout=timeout).text

    def write(
        self, method: Literal["POST", "PUT", "PATCH"], path: str, body: Json, kind: ContentType, **query: str
    ) -> Json:
        """Create or change an object."""
        answer = self._ask(method, path, query, body=body, content_type=kind, timeout=SERVER_TIMEOUT)
        return _json(answer)

    def post(self, path: str, body: Json, *, timeout: float) -> None:
        """POST something that is no object, to what is behind the API server; what it answers is left aside."""
        self._ask("POST", path, {}, body=body, accept="*/*", timeout=timeout)

    def remove(self, path: str, options: Json | None = None) -> None:
        """DELETE an object, with DeleteOptions where they are given; that there is none is fine."""
        try:
            self._ask("DELETE", path, {}, body=options, timeout=SERVER_TIMEOUT)
        except ApiRefusedError as error:
            if error.status != httpx2.codes.NOT_FOUND:
                raise

    def open_watch(self, path: str, **query: str) -> Watch:
        return Watch(self._open(path, watch="true", **query))

    def open_lines(self, path: str, **query: str) -> LineStream:
        """GET plain text that goes on: a log that is followed."""
        return LineStream(self._open(path, **query))

    def _open(self, path: str, **query: str) -> httpx2.Response:
        request = BasicRequest("GET", path, params=query, timeout=httpx2.Timeout(TIMEOUT, read=None))
        return self._send(request, stream=True)

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: Json | None = None,
        accept: str = "application/json",
        content_type: str = "application/json",
        timeout: float = TIMEOUT,
    ) -> httpx2.Response:
        headers = {"Accept": accept, "Content-Type": content_type} if body is not None else {"Accept": accept}
        request = BasicRequest(
            method, path, params=dict(query), data=body, headers=headers, timeout=httpx2.Timeout(timeout)
        )
        return self._send(request)

    def _send(self, request: BasicRequest, *, stream: bool = False) -> httpx2.Response:
        what = f"{request.method} {request.url}"
        timeout = request.timeout and request.timeout.read
        until = time.monotonic() + (timeout or TIMEOUT)
        try:
            response = self._send_once(request, stream=stream)
            while (pause := _asked_to_wait(response)) is not None and time.monotonic() + pause < until:
                time.sleep(pause)
                response = self._send_once(request, stream=stream)
        except httpx2.HTTPError as error:
            raise ApiUnreachableError(
                f"the API server of the cluster does not answer: {what}",
                context={"cause": str(error) or type(error).__name__, "kubeconfig": str(self.kubeconfig)},
                hint="devenv status",
            ) from error
        if not response.is_success:
            raise ApiRefusedError(
                f"the API server refuses {what}: {_reason(response)}",
                status=response.status_code,
                causes=_causes(response),
            )
        return response

    def _send_once(self, request: BasicRequest, *, stream: bool) -> httpx2.Response:
        response: httpx2.Response = self._client.send(self._client.build_adapter_request(request), stream=stream)
        if not response.is_success:
            response.read()
        return response


def _asked_to_wait(response: httpx2.Response) -> float | None:
    """The seconds after which a server that is busy, or still preparing the kind, wants to be asked again.

    What every client of Kubernetes does: https://github.com/kubernetes/client-go/blob/master/rest/with_retry.go
    """
    busy = response.status_code == httpx2.codes.TOO_MANY_REQUESTS or response.is_server_error
    after = response.headers.get("Retry-After", "")
    return max(float(after), _SHORTEST_PAUSE) if busy and after.isdecimal() else None


def _json(response: httpx2.Response) -> Json:
    answer: Json = json.loads(response.content)
    return answer


def _reason(response: httpx2.Response) -> str:
    """The message of a Status object, or the first line of what a proxy says."""
    try:
        status = response.json()
    except ValueError:
        return response.text.strip().partition("\n")[0] or f"HTTP {response.status_code}"
    message = status.get("message") if isinstance(status, dict) else None
    return str(message or f"HTTP {response.status_code}")


def _causes(response: httpx2.Response) -> list[tuple[str, str]]:
    """The fields that a Status object names, each with what is wrong with it."""
    try:
        status = response.json()
    except ValueError:
        return []
    details = status.get("details") if isinstance(status, dict) else None
    return [(str(c.get("field", "")), str(c.get("message", ""))) for c in (details or {}).get("causes") or ()]
