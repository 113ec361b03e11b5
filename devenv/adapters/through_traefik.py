"""HTTP to services, through Traefik, as a browser on this machine would ask.

Responsible for reaching names below `localhost`, which not every system's resolver knows. What the answers mean is
their readers' concern.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from devenv.errors import ClusterError
from devenv.spec.project import LOOPBACK

_BELOW = ".localhost"


class _ToThisMachine(httpx2.HTTPTransport):
    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return super().handle_request(_addressed(request))


class _ToThisMachineAsync(httpx2.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await super().handle_async_request(_addressed(request))


def client(url: str, ca: Path | None = None) -> httpx2.Client:
    """A client whose paths are below `url`; certificates of the CA in the file `ca` are trusted, and no others."""
    transport = _ToThisMachine(verify=ssl.create_default_context(cafile=ca), trust_env=False)
    return httpx2.Client(base_url=url, transport=transport, trust_env=False)


def async_client(url: str, ca: Path) -> httpx2.AsyncClient:
    """The same for asynchronous tests."""
    transport = _ToThisMachineAsync(verify=ssl.create_default_context(cafile=ca), trust_env=False)
    return httpx2.AsyncClient(base_url=url, transport=transport, trust_env=False)


def ask(what: str, url: str, *, timeout: float, query: Mapping[str, str] | None = None) -> bytes:
    """What a service answers at an address of the environment.

    Args:
        what: the service, for the error.
        url: as a browser would open it: `http://alertmanager.shop.localhost:8080/api/v2/alerts`.
        timeout: seconds for the whole question.
        query: more of the address.

    Raises:
        ClusterError: it does not answer in time, or not with success.
    """
    try:
        with client(url) as asking:
            return asking.get(url, params=query, timeout=timeout).raise_for_status().content
    except httpx2.HTTPError as error:
        raise unanswered(what, url, str(error) or type(error).__name__) from error


def unanswered(what: str, url: str, cause: str) -> ClusterError:
    """The error for a service that does not answer as it should."""
    parts = urlsplit(url)
    return ClusterError(
        f"{what} does not answer at http://{parts.netloc}/",
        context={"cause": cause.partition("\n")[0]},
        hint="devenv status",
    )


def _addressed(request: httpx2.Request) -> httpx2.Request:
    """The request as it goes out: to the address, with the name as Host, and in TLS as the name that is proved."""
    host = request.url.host
    if not host.endswith(_BELOW):
        return request
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=LOOPBACK),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
