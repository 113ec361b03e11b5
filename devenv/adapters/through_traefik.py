"""Questions to what Traefik leads to, from this machine.

Responsible for reaching a host name that not every system's resolver knows; what the answers mean is their readers'.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2

from devenv.errors import ClusterError
from devenv.spec.project import LOOPBACK


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
    parts = urlsplit(url)
    # To the address and not the name, which not every system's resolver knows.
    where = f"http://{LOOPBACK}:{parts.port or 80}{parts.path}"
    try:
        answer = httpx2.get(where, params=query, headers={"Host": parts.netloc}, timeout=timeout, trust_env=False)
        return answer.raise_for_status().content
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
