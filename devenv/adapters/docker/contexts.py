"""Docker contexts: which engine the docker command line would talk to, read from where it keeps them.

Read here and not by the library's `ContextAPI`, which looks for contexts beside a config.json only, and where there is
none in $DOCKER_CONFIG takes that of the home folder: devenv would ask another engine than the docker that it starts.
The layout is that of docker/cli, `cli/context/store`.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from docker.tls import TLSConfig

DEFAULT = "default"
"""The context that is always there: the default socket."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where an engine is."""

    name: str
    host: str = ""
    """Its address; empty for the default socket."""
    tls: TLSConfig | None = None


def current_context() -> Context | None:
    """The context of DOCKER_CONTEXT, else the one that was chosen by `docker context use`; None if it does not exist.

    Raises:
        OSError: its file cannot be read.
        ValueError: its file holds something else.
        DockerException: its certificates are no pair.
    """
    # Where there is no home, that is a folder which is not there, and no error.
    folder = Path(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"))  # noqa: PTH111
    name = _current_name(folder)
    if name == DEFAULT:
        return Context(DEFAULT)
    digest = hashlib.sha256(name.encode()).hexdigest()
    try:
        meta = json.loads((folder / "contexts" / "meta" / digest / "meta.json").read_bytes())
    except FileNotFoundError:
        return None
    try:
        endpoint = meta["Endpoints"]["docker"]
        host, unverified = str(endpoint.get("Host") or ""), bool(endpoint.get("SkipTLSVerify"))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"context {name} describes no engine") from error
    return Context(name, host, _tls(folder / "contexts" / "tls" / digest / "docker", verify=not unverified))


def _current_name(folder: Path) -> str:
    """The name of the context in use; a config.json that cannot be read names none, as for docker itself."""
    if name := os.environ.get("DOCKER_CONTEXT"):
        return name
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return DEFAULT
    return str((config.get("currentContext") if isinstance(config, dict) else "") or DEFAULT)


def _tls(folder: Path, *, verify: bool) -> TLSConfig | None:
    if not folder.is_dir():
        return None
    authority, certificate, key = (folder / f"{name}.pem" for name in ("ca", "cert", "key"))
    return TLSConfig(
        client_cert=(str(certificate), str(key)) if certificate.exists() or key.exists() else None,
        ca_cert=str(authority) if authority.exists() else None,
        verify=verify,
    )
