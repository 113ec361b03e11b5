"""Pulls that a registry refuses, breaks off or has from a mirror, against a real engine and a small registry."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from support.programs import require_program
from support.small_registry import Refusal, SmallRegistry, small_registry

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.errors import (
    ImageNotFoundError,
    InterruptedRunError,
    RateLimitedError,
    RegistryError,
    RegistryLoginError,
)
from devenv.images.build.build import ImageProvider, Listener
from devenv.images.catalogue.presence import observe_images, present_references
from devenv.images.catalogue.registries import Registries
from devenv.plan.image import Bootstrap, Image
from devenv.plan.steps import PullImage
from devenv.spec.image_reference import Reference

pytestmark = pytest.mark.engine
UPSTREAM = "no-such-registry.invalid"
NO_LOGIN = Refusal(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": 'Basic realm="test"'})
GONE = Refusal(404, "MANIFEST_UNKNOWN", "manifest unknown")
BUSY = Refusal(429, "TOOMANYREQUESTS", "Rate exceeded", {"Retry-After": "1"})
SPENT = Refusal(429, "TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit.")
DOWN = Refusal(503)


@pytest.fixture
def registry(engine: Engine) -> Iterator[SmallRegistry]:
    require_program("docker")
    with small_registry(engine) as registry:
        registry.publish(b"content")
        yield registry


def pull(engine: Engine, reference: str, *, mirrored: str = "", listener: Listener | None = None) -> str:
    return ImageProvider(engine, data_root()).provide(PullImage("tiny", reference, mirrored), listener)


def refuses_manifests(refusal: Refusal, times: int = 99) -> Iterator[Refusal | None]:
    yield from [refusal] * times
    while True:
        yield None


def refusing(registry: SmallRegistry, refusal: Refusal, times: int = 99) -> None:
    """The registry refuses its manifests some times."""
    answers = refuses_manifests(refusal, times)
    registry.refuse = lambda path: next(answers) if "/manifests/" in path else None


@pytest.mark.parametrize(
    ("refusal", "kind", "hint"),
    [
        (NO_LOGIN, RegistryLoginError, "docker login 127.0.0.1:"),
        (GONE, ImageNotFoundError, "docker manifest inspect 127.0.0.1:"),
        (SPENT, RateLimitedError, "docker login 127.0.0.1:"),
        (Refusal(403), RegistryError, "registry_mirrors: {127.0.0.1:"),
    ],
)
def test_a_refusal_says_what_helps_and_is_not_asked_for_again(
    engine: Engine, registry: SmallRegistry, refusal: Refusal, kind: type[RegistryError], hint: str
) -> None:
    refusing(registry, refusal)
    with pytest.raises(RegistryError) as caught:
        pull(engine, registry.reference)
    assert type(caught.value) is kind, caught.value.context
    assert hint in caught.value.hint
    assert registry.reference in caught.value.context["command"]
    heads = [asked for asked in registry.asked if asked.startswith("HEAD ")]
    assert len(heads) <= 1
    with pytest.raises(kind):
        engine.images.registry_digest(registry.reference)


@pytest.mark.parametrize("refusal", [BUSY, DOWN], ids=["429", "503"])
def test_a_registry_that_asks_for_patience_is_asked_again(
    engine: Engine, registry: SmallRegistry, refusal: Refusal
) -> None:
    refusing(registry, refusal, times=2)
    heard: list[str] = []
    pull(engine, registry.reference, listener=Listener(progress=heard.append))
    assert f"{registry.host} broke off: again in 1 s" in heard
    assert registry.reference in engine.images.ids([registry.reference])


def test_what_a_registry_refuses_is_known_before_anything_is_pulled(engine: Engine, registry: SmallRegistry) -> None:
    own = "localhost/devenv-test/none:1"
    image = Image("tiny", "1", registry.reference, None, own, Bootstrap("trixie"))
    for refusal, why in ((SPENT, "gives no more images"), (GONE, "has no devenv-test-"), (BUSY, "")):
        refusing(registry, refusal)
        refused = observe_images(engine, {"tiny": image}, ["tiny"], "auto").refused
        assert why in refused.get("tiny", ""), refused
        assert bool(refused) == bool(why)
    observed = observe_images(engine, {"tiny": image}, ["tiny"], "upstream")
    assert (observed.refused, observed.registries) == ({}, {registry.host: True})
    registry.refuse = lambda _: None
    assert observe_images(engine, {"tiny": image}, ["tiny"], "auto").refused == {}


def test_patience_ends_when_the_run_is_stopped(engine: Engine, registry: SmallRegistry) -> None:
    refusing(registry, BUSY)
    cancel = threading.Event()
    threading.Timer(1.0, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(InterruptedRunError):
        pull(engine, registry.reference, listener=Listener(cancel=cancel))
    assert time.monotonic() - began < 5


def test_an_image_of_a_mirror_has_upstreams_name_and_digest(engine: Engine) -> None:
    with small_registry(engine, "dockerhub/library/") as mirror:
        digest = mirror.publish(b"content")
        name = mirror.repository.removeprefix("dockerhub/")
        upstream = f"{UPSTREAM}/{name}:latest"
        mirrored = str(Reference.parse(upstream).at(f"{mirror.host}/dockerhub"))
        assert mirrored == mirror.reference
        loose = Image("tiny", "1", upstream, None, None, None, mirrored=mirrored)
        locked = Image("tiny", "1", upstream, digest, None, None, mirrored=mirrored)
        other = Image("tiny", "1", upstream, f"sha256:{'0' * 64}", None, None, mirrored=mirrored)
        try:
            assert pull(engine, upstream, mirrored=mirrored).endswith(f" from {mirror.host}")
            assert present_references(engine, [loose]) == present_references(engine, [locked]) == {upstream}
            assert present_references(engine, [other]) == frozenset()
            engine.images.remove([upstream, mirrored])
            assert pull(engine, f"{upstream}@{digest}", mirrored=f"{mirrored}@{digest}").endswith(mirror.host)
            assert present_references(engine, [locked]) == {upstream}
            assert pull(engine, f"{upstream}@{digest}", mirrored=f"{mirrored}@{digest}") == "there already"
        finally:
            engine.images.remove([upstream])


def test_a_registry_that_only_the_engine_reaches_is_there(engine: Engine, registry: SmallRegistry) -> None:
    """It speaks HTTP, which engines take from the loopback; this process asks by HTTPS."""
    assert Registries().answering([registry.host]) == {registry.host: False}
    assert Registries(engine).answering([registry.host, "127.0.0.1:1"]) == {registry.host: True, "127.0.0.1:1": False}
    registry.refuse = lambda _: NO_LOGIN
    assert Registries(engine).answering([registry.host]) == {registry.host: True}
    registry.refuse = lambda _: Refusal(502)
    assert Registries(engine).answering([registry.host]) == {registry.host: False}
