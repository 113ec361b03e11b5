"""What engines say of registries that refuse, word for word, and what devenv makes of it."""

from __future__ import annotations

import pytest

from devenv.adapters.docker.refusals import registry_error
from devenv.errors import (
    DiskFullError,
    ImageNotFoundError,
    RateLimitedError,
    RegistryError,
    RegistryLoginError,
)

DIGEST = f"sha256:{'1' * 64}"
DAEMON = "Error response from daemon: "
HUB, GHCR = "docker.io/library/redis:7", "ghcr.io/example/search:1"


def error(reported: str, reference: str = HUB) -> RegistryError:
    made = registry_error(f"pull image {reference}", reference, reported)
    assert isinstance(made, RegistryError)
    assert made.hint
    assert made.context["cause"]
    return made


@pytest.mark.parametrize(
    "reported",
    [
        f"{DAEMON}pull access denied for x, repository does not exist or may require 'docker login': denied: no",
        f'{DAEMON}Get "https://ghcr.io/v2/example/search/manifests/1": unauthorized: authentication required',
        f'{DAEMON}Head "https://ghcr.io/v2/example/search/manifests/1": no basic auth credentials',
        f'{DAEMON}failed to resolve reference "x": server message: insufficient_scope: authorization failed',
        f"{DAEMON}errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required",
    ],
)
def test_a_login_is_wanted(reported: str) -> None:
    assert type(error(reported, GHCR)) is RegistryLoginError
    assert error(reported, GHCR).hint == "docker login ghcr.io"
    assert error(reported).hint == "docker login"


@pytest.mark.parametrize(
    "reported",
    [
        f"{DAEMON}manifest for redis:7 not found: manifest unknown: manifest unknown",
        f"{DAEMON}manifest unknown",
        f'{DAEMON}failed to resolve reference "docker.io/library/redis:7": docker.io/library/redis:7: not found',
        f"{DAEMON}name unknown: repository name not known to registry",
    ],
)
def test_an_image_is_not_there(reported: str) -> None:
    assert type(error(reported)) is ImageNotFoundError
    assert error(reported).message.endswith("docker.io has no library/redis:7")
    by_digest = error(reported, f"docker.io/library/redis@{DIGEST}")
    assert by_digest.message.endswith(f"docker.io has no library/redis with the digest {DIGEST}")
    assert by_digest.hint == f"ask it: docker manifest inspect docker.io/library/redis@{DIGEST}"


@pytest.mark.parametrize(
    ("reported", "seconds"),
    [
        # https://docs.docker.com/docker-hub/usage/pulls/: a limit of hours.
        (f"{DAEMON}toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker", None),
        (f"{DAEMON}toomanyrequests: You have reached your pull rate limit. You may increase the limit by", None),
        (f"{DAEMON}toomanyrequests: retry-after: 2.5s, allowed: 44000/minute", 2.5),
        (f"{DAEMON}toomanyrequests: retry-after: 333.9µs, allowed: 44000/minute", 333.9e-6),
        (f"{DAEMON}toomanyrequests: Rate exceeded", 0.0),
        (f"{DAEMON}unexpected status from HEAD request to https://ghcr.io/v2/x: 429 Too Many Requests", 0.0),
    ],
)
def test_a_limit_is_reached(reported: str, seconds: float | None) -> None:
    limited = error(reported, GHCR)
    assert type(limited) is RateLimitedError
    assert limited.again_after == seconds
    assert "docker login ghcr.io" in limited.hint
    assert "registry_mirrors: {ghcr.io: MIRROR}" in limited.hint


@pytest.mark.parametrize(
    ("reported", "message", "seconds"),
    [
        (f'{DAEMON}Get "https://x/v2/": dial tcp: lookup x on 10.0.0.1:53: no such host', "does not reach", None),
        (f'{DAEMON}Get "https://x/v2/": x509: certificate signed by unknown authority', "does not trust", None),
        (f'{DAEMON}Get "https://x/v2/": http: server gave HTTP response to HTTPS client', "does not trust", None),
        (f"{DAEMON}Get x: dial tcp 127.0.0.1:1: connect: connection refused", "does not reach", None),
        (f"{DAEMON}unexpected EOF", "broke off", 0.0),
        (f"{DAEMON}received unexpected HTTP status: 503 Service Unavailable", "broke off", 0.0),
        (f"{DAEMON}error parsing HTTP 403 response body: invalid character '<'", "refused", None),
        ("", "refused", None),
    ],
)
def test_a_registry_fails(reported: str, message: str, seconds: float | None) -> None:
    failed = error(reported)
    assert type(failed) is RegistryError
    assert message in failed.message
    assert failed.again_after == seconds


def test_progress_and_layers_numbers_say_nothing() -> None:
    progress = "404: Pulling from library/redis\n429: Pulling fs layer\n500: Download complete\n"
    failed = error(f"{progress}{DAEMON}invalid tar header")
    assert (type(failed), failed.again_after, failed.context["cause"]) == (RegistryError, None, "invalid tar header")


def test_the_engines_disk_is_no_registrys_fault() -> None:
    reported = f"{DAEMON}write /var/lib/docker/tmp/x: no space left on device"
    assert isinstance(registry_error("pull image x", HUB, reported), DiskFullError)
