"""Finding the engine and connecting to it, as the docker command line would."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from devenv.adapters.docker.contexts import DEFAULT, Context, current_context
from devenv.adapters.engine.socket import silent
from devenv.adapters.process import NO_SPACE
from devenv.errors import ChosenEngineError, DevenvError, DiskFullError, EngineUnavailableError, UnfitEngineError

CONNECT_SECONDS = 5
_CALL_SECONDS = 600
"""A commit or an import of a big image answers only when it is done."""
_HINT = "devenv engine    # installs or starts one, or tells how"


def connect(patience: int = CONNECT_SECONDS) -> docker.DockerClient:
    """A client for DOCKER_HOST, else for the current docker context, else for the default socket.

    An answer is waited for `patience` seconds.

    Raises:
        UnfitEngineError: the address is another machine's, over ssh.
        ChosenEngineError: nothing answers at an address that the user has set.
        EngineSilentError: an engine is at the default socket, and gives no answer.
        EngineUnavailableError: nothing is there.
    """
    chosen, undo = _chosen()
    if _host().startswith("ssh:"):
        raise UnfitEngineError(
            "the container engine is on another machine: the ports of a cluster open on that machine's loopback",
            context={"engine": f"{_host()}, as {chosen} says"},
            hint=f"run devenv where that engine runs, or use this machine's own: {undo}",
        )
    try:
        client = _client(patience)
        client.api.timeout = _CALL_SECONDS
        if client.api.base_url.startswith("http+docker://"):
            client.api.trust_env = False  # ~/.netrc has no password for an engine on a socket
    except (DockerException, RequestException, OSError, ValueError) as error:  # the last of an address's port
        context = {"cause": _cause(error)}
        if chosen:
            raise ChosenEngineError(
                f"no container engine answers at {chosen}",
                context=context,
                hint=f"start the engine there, or use this machine's own: {undo}",
            ) from error
        if isinstance(_innermost(error), TimeoutError):
            raise silent("the default socket", patience) from error
        raise EngineUnavailableError(
            "no container engine answers at the default socket", context=context, hint=_HINT
        ) from error
    return client


def _client(patience: int) -> docker.DockerClient:
    context = Context(DEFAULT) if os.environ.get("DOCKER_HOST") else _context()
    if not context.host:
        return docker.DockerClient.from_env(version="auto", timeout=patience, use_context=False)
    tls = context.tls or False
    return docker.DockerClient(base_url=context.host, tls=tls, version="auto", timeout=patience)


DEFAULT_WAY = "env -u DOCKER_HOST DOCKER_CONTEXT=default"
"""The way to the default socket."""


def way_there() -> str:
    """The words before a command by which it reaches the engine that this process does."""
    if host := os.environ.get("DOCKER_HOST"):
        return f"DOCKER_HOST={shlex.quote(host)}"
    context = _named_context()
    return f"env -u DOCKER_HOST DOCKER_CONTEXT={shlex.quote(context)}" if context else DEFAULT_WAY


def _chosen() -> tuple[str, str]:
    """Where the user wants the engine to be asked, and what takes that back; empty for the default socket."""
    if host := os.environ.get("DOCKER_HOST"):
        return f"DOCKER_HOST={host}", "unset DOCKER_HOST"
    if context := _named_context():
        return f"docker context {context}", "docker context use default; unset DOCKER_CONTEXT"
    return "", ""


def _host() -> str:
    """The engine's address, as the user or the docker context in use writes it."""
    return os.environ.get("DOCKER_HOST") or _context().host


def _named_context() -> str:
    """The docker context in use, if it is not the default one; raises ChosenEngineError when it does not exist."""
    name = _context().name
    return "" if name == DEFAULT else name


def _context() -> Context:
    try:
        context = current_context()
    except (OSError, ValueError, DockerException) as error:
        raise ChosenEngineError(
            "the current docker context cannot be read",
            context={"cause": str(error)},
            hint="choose another: docker context use default",
        ) from error
    if context is None:
        name = os.environ.get("DOCKER_CONTEXT") or "that is current"
        raise ChosenEngineError(
            f"the docker context {name} does not exist", hint="choose another: docker context use default"
        )
    return context


def _cause(error: BaseException) -> str:
    """The innermost message: the library wraps a refused connection several times."""
    return str(_innermost(error))


def _innermost(error: BaseException) -> BaseException:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error


@contextmanager
def translate_errors(what: str, kind: type[DevenvError]) -> Iterator[None]:
    """Turn the engine's errors into ours: `what` failed, of the given kind."""
    try:
        yield
    except APIError as error:
        cause = str(error.explanation or error)
        if NO_SPACE in cause:
            raise disk_full(what, cause) from error
        raise kind(f"{what}: the engine refused", context={"cause": cause}) from error
    except (DockerException, RequestException) as error:
        raise EngineUnavailableError(
            f"{what}: the engine does not answer any more", context={"cause": _cause(error)}, hint=_HINT
        ) from error


def disk_full(what: str, cause: str) -> DiskFullError:
    """The error for an engine whose disk is full."""
    return DiskFullError(
        f"{what}: the engine's disk is full",
        context={"cause": cause},
        hint="make room: docker system df, then: docker builder prune; docker image prune",
    )
