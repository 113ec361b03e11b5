"""`--images auto` where a registry answers and does not give what is wanted, or does not answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.errors import ImageError, ImageNotFoundError, RateLimitedError, RegistryError
from devenv.images.catalogue.presence import refusals
from devenv.plan.image import Bootstrap, Image, Mode, Recipe
from devenv.plan.observed import ObservedImages
from devenv.plan.provision import provision_images, substitutions
from devenv.plan.steps import BootstrapImage, BuildImage, PullImage

HUB = "docker.io/library/"


def built(name: str, *bases: str) -> Image:
    recipe = Recipe(Path("Dockerfile"), Path(), None, (), tuple((base.upper(), base) for base in bases))
    return Image(name, "1", f"{HUB}{name}:1", None, f"localhost/devenv/{name}:1-a", recipe)


IMAGES = {
    "debian": Image("debian", "1", f"{HUB}debian:1", None, "localhost/devenv/debian:1-a", Bootstrap("trixie")),
    "golang": built("golang", "debian"),
    "postgres": built("postgres", "debian"),
    "traefik": built("traefik", "golang", "debian"),
    "search": Image("search", "1", "ghcr.io/search:1", None, None, None),
}


class Registry:
    """Refuses what it is told to, and remembers what it was asked for."""

    def __init__(self, **errors: RegistryError) -> None:
        self.errors = {f"{HUB}{name}:1": error for name, error in errors.items()}
        self.asked: list[str] = []

    def digest(self, reference: str) -> str:
        self.asked.append(reference)
        if reference in self.errors:
            raise self.errors[reference]
        return f"sha256:{'1' * 64}"


def gone() -> RegistryError:
    return ImageNotFoundError("ask for it: docker.io has no such image")


def test_what_a_registry_refuses_is_made_and_what_that_is_made_from_pulled_where_it_can_be() -> None:
    registry = Registry(traefik=gone(), golang=RateLimitedError("ask for it: docker.io gives no more images"))
    answering = {"docker.io": True, "ghcr.io": True}
    refused = refusals(IMAGES, ["traefik", "postgres", "search"], answering, registry.digest)
    assert refused == {"traefik": "docker.io has no such image", "golang": "docker.io gives no more images"}
    # What cannot be made is not asked for: its pull tells.
    assert registry.asked == [f"{HUB}{name}:1" for name in ("postgres", "traefik", "debian", "golang")]
    observed = ObservedImages(IMAGES, frozenset(), answering, refused)
    steps = {
        step.image: step for step, _ in provision_images(observed, ["traefik", "postgres", "search"], "auto").steps
    }
    made = [name for name, step in steps.items() if isinstance(step, BuildImage)]
    assert sorted(made) == ["golang", "traefik"]
    assert sorted(name for name, step in steps.items() if isinstance(step, PullImage)) == [
        "debian",
        "postgres",
        "search",
    ]
    assert substitutions(observed, ["traefik", "golang"]) == [
        "image traefik is made by its recipe: docker.io has no such image",
        "image golang is made by its recipe: docker.io gives no more images",
    ]


def test_what_a_run_could_not_pull_is_not_asked_for_again_and_made_with_its_bases() -> None:
    registry, answering = Registry(), {"docker.io": True}
    given_up = {"traefik": "docker.io broke off", "search": "what a registry says of what no recipe makes"}
    refused = refusals(IMAGES, ["traefik", "postgres"], answering, registry.digest, given_up=given_up)
    assert registry.asked == [f"{HUB}{name}:1" for name in ("postgres", "debian", "golang")]
    steps = provision_images(ObservedImages(IMAGES, frozenset(), answering, refused), ["traefik"], "auto").steps
    assert {step.image: type(step) for step, _ in steps} == {
        "debian": PullImage,
        "golang": PullImage,
        "traefik": BuildImage,
    }


def test_only_what_a_recipe_may_make_is_pulled_as_replaceable() -> None:
    locked = replace(IMAGES["golang"], digest=f"sha256:{'2' * 64}", locked="devenv.lock:1")
    observed = ObservedImages({**IMAGES, "golang": locked}, frozenset(), {"docker.io": True, "ghcr.io": True})

    def replaceable(mode: Mode) -> set[str]:
        steps = provision_images(observed, ["postgres", "golang", "search"], mode).steps
        return {step.image for step, _ in steps if isinstance(step, PullImage) and step.replaceable}

    assert (replaceable("auto"), replaceable("upstream")) == ({"postgres"}, set())


def test_a_registry_that_asks_for_patience_is_not_given_up() -> None:
    busy = RegistryError("ask for it: docker.io broke off")
    busy.again_after = 0.0
    assert refusals(IMAGES, ["postgres"], {"docker.io": True}, Registry(postgres=busy).digest) == {}


def test_what_a_silent_registry_would_have_given_is_told_once() -> None:
    silent = {"docker.io": False}
    registry = Registry()
    assert refusals(IMAGES, ["traefik"], silent, registry.digest) == {}
    assert registry.asked == []
    observed = ObservedImages(IMAGES, frozenset(), silent)
    steps = [step for step, _ in provision_images(observed, ["traefik"], "auto").steps]
    made = [step.image for step in steps if isinstance(step, BuildImage | BootstrapImage)]
    assert substitutions(observed, made) == ["docker.io does not answer, so recipes make debian, golang, traefik"]


def test_what_is_locked_is_never_replaced() -> None:
    registry = Registry(postgres=gone())
    locked = {**IMAGES, "postgres": Image("postgres", "1", f"{HUB}postgres:1", f"sha256:{'2' * 64}", "own", None, "3")}
    assert refusals(locked, ["postgres"], {"docker.io": True}, registry.digest) == {}
    with pytest.raises(ImageError, match="locked"):
        provision_images(ObservedImages(locked, frozenset(), {}), ["postgres"], "auto")
