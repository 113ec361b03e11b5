"""A route of Traefik's that leads from a host name to an address on the user's machine.

Responsible for its two objects. Traefik cannot forward to that address, which is the loopback of another machine to it;
the browser can go there.
"""

from __future__ import annotations

from collections.abc import Iterator

from devenv.adapters.kubernetes.json_objects import Json

_NAME = "devenv-start-page"
_API = "traefik.io/v1alpha1"
_LAST = 1
"""Any other route of that host goes first: by default a rule's priority is its length."""


def redirect(namespace: str, host: str, url: str) -> Iterator[tuple[str, Json]]:
    """Path and content of each object that redirects a host name, for as long as nobody else has a route for it."""
    middleware = {"redirectRegex": {"regex": "^.*$", "replacement": url, "permanent": False}}
    route = {
        "kind": "Rule",
        "match": f"Host(`{host}`)",
        "priority": _LAST,
        "middlewares": [{"name": _NAME}],
        "services": [{"kind": "TraefikService", "name": "noop@internal"}],
    }
    yield _object(namespace, "Middleware", middleware)
    yield _object(namespace, "IngressRoute", {"entryPoints": ["web", "websecure"], "routes": [route]})


def _object(namespace: str, kind: str, spec: Json) -> tuple[str, Json]:
    path = f"apis/{_API}/namespaces/{namespace}/{kind.lower()}s/{_NAME}"
    return path, {"apiVersion": _API, "kind": kind, "metadata": {"name": _NAME}, "spec": spec}
