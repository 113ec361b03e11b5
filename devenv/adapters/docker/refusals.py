"""What it means when a registry refuses: the engine's words as errors of ours, with what helps.

Responsible for these words alone. Pure. Docker's classic image store and containerd's have different ones for the same,
and registries add their own; no status reaches the engine's clients.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from devenv.adapters.docker.connection import disk_full
from devenv.adapters.process import NO_SPACE
from devenv.errors import DevenvError, ImageNotFoundError, RateLimitedError, RegistryError, RegistryLoginError
from devenv.spec.image_reference import DEFAULT_REGISTRY, Reference

_FROM_ENGINE = "Error response from daemon: "
_RATE = re.compile(r"toomanyrequests|too many requests|\b429\b", re.IGNORECASE)
_QUOTA = re.compile(r"pull rate limit", re.IGNORECASE)
"""Docker Hub's words for a limit of hours (https://docs.docker.com/docker-hub/usage/pulls/)."""
_RETRY_AFTER = re.compile(r"retry-after: *(?P<amount>[0-9.]+)(?P<unit>ms|µs|us|s)?", re.IGNORECASE)
"""GHCR has it in its message; of a header the engine says nothing."""
_UNITS = {"ms": 1e-3, "µs": 1e-6, "us": 1e-6, "s": 1.0, None: 1.0}
_LOGIN = re.compile(
    r"unauthorized|authentication required|no basic auth credentials|\bdenied\b"
    r"|authorization failed|insufficient_scope",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(r"manifest unknown|name unknown|manifest for .* not found|: not found\b|\b404\b", re.IGNORECASE)
_CERTIFICATE = re.compile(r"x509:|failed to verify certificate|server gave HTTP response to HTTPS", re.IGNORECASE)
_ABSENT = re.compile(r"no such host|network is unreachable|no route to host|connection refused", re.IGNORECASE)
_BROKEN_OFF = re.compile(
    r"\bEOF\b|connection reset|broken pipe|time-?out|deadline exceeded|stream error|GOAWAY|failed to copy"
    r"|\b50[0234]\b",
    re.IGNORECASE,
)


def registry_error(what: str, reference: str, message: str, context: Mapping[str, str] | None = None) -> DevenvError:
    """The error for what an engine message of a registry.

    Args:
        what: what was done, imperative: `pull image x`.
        reference: of the image, as the registry was asked for it.
        message: the engine's words.
        context: facts besides.
    """
    name = Reference.parse(reference)
    host = name.registry
    message = _refusal(message)
    facts = {"cause": message, **(context or {})}
    if NO_SPACE in message:
        return disk_full(what, message)
    if _RATE.search(message):
        error: RegistryError = RateLimitedError(
            f"{what}: {host} gives no more images for the present",
            context=facts,
            hint=f"wait, or log in: {login(host)}; or name a mirror in devenv.yaml: {mirror(host)}",
        )
        error.again_after = None if _QUOTA.search(message) else _retry_after(message)
        return error
    if _LOGIN.search(message):
        return RegistryLoginError(
            f"{what}: {host} wants another login, or has no {name.path}", context=facts, hint=login(host)
        )
    if _NOT_FOUND.search(message):
        missing = f"{name.path}:{name.tag}" if name.tag else f"{name.path} with the digest {name.digest}"
        return ImageNotFoundError(
            f"{what}: {host} has no {missing}", context=facts, hint=f"ask it: docker manifest inspect {reference}"
        )
    return _failed(what, host, message, facts)


def login(host: str) -> str:
    """The command that logs in to a registry."""
    return "docker login" if host == DEFAULT_REGISTRY else f"docker login {host}"


def mirror(host: str) -> str:
    """What names a mirror for a registry."""
    return f"registry_mirrors: {{{host}: MIRROR}}"


def _failed(what: str, host: str, message: str, facts: Mapping[str, str]) -> RegistryError:
    if _CERTIFICATE.search(message):
        folder = "the engine's certificates" if host == DEFAULT_REGISTRY else f"/etc/docker/certs.d/{host}/ca.crt"
        return RegistryError(
            f"{what}: the engine does not trust {host}",
            context=facts,
            hint=f"put the CA of that registry into {folder} where the engine runs, then: docker pull {host}/NAME",
        )
    if _ABSENT.search(message):
        return RegistryError(
            f"{what}: the engine does not reach {host}",
            context=facts,
            hint=f"see that the engine reaches it, or name a mirror in devenv.yaml: {mirror(host)}",
        )
    broken_off = bool(_BROKEN_OFF.search(message))
    error = RegistryError(
        f"{what}: {host} {'broke off' if broken_off else 'refused'}",
        context=facts,
        hint=f"run the same command again, or name a mirror in devenv.yaml: {mirror(host)}",
    )
    error.again_after = 0.0 if broken_off else None
    return error


def _retry_after(message: str) -> float:
    found = _RETRY_AFTER.search(message)
    return float(found["amount"]) * _UNITS[found["unit"]] if found else 0.0


def _refusal(message: str) -> str:
    """What the engine said at last, after the lines of progress: they hold hexadecimal numbers of any kind."""
    _, found, refusal = message.rpartition(_FROM_ENGINE)
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return refusal.strip() if found else lines[-1] if lines else "no reason was given"
