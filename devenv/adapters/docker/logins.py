"""Logins at registries, as `docker login` keeps them: in its configuration, or with a credential helper."""

from __future__ import annotations

from docker import auth
from docker.errors import DockerException

_HUB = "docker.io"


def login_at(registry: str) -> tuple[str, str] | None:
    """User and password at a registry; None where there are none, or a helper does not answer."""
    try:
        found = auth.load_config().resolve_authconfig(None if registry == _HUB else registry)
    except (DockerException, OSError, ValueError):
        return None
    if not found or not found.get("username"):
        return None
    return str(found["username"]), str(found.get("password") or "")
