"""What a build says whose first image cannot be fetched."""

from __future__ import annotations

import pytest

from devenv.images.build.base_hint import base_hint
from devenv.spec.catalogue import load_versions


@pytest.mark.parametrize(
    ("image", "bases"),
    [
        ("docker.io/library/golang:1.26", "GOLANG: golang"),
        ("docker.io/library/node:20-alpine", "NODEJS: nodejs"),
        ("docker.io/library/debian:bookworm-slim", "DEBIAN: debian-bookworm"),
        ("docker.io/library/debian:trixie", "DEBIAN: debian-trixie"),
        ("docker.io/library/maven:3", "MAVEN: maven"),
        ("docker.io/library/eclipse-temurin:21", "JAVA: java"),
        ("docker.io/library/python:3.12-slim", "PYTHON: python"),
    ],
)
@pytest.mark.parametrize("step", ["[internal] load metadata for {}", "[build 1/4] FROM {}"])
def test_the_image_in_its_place_is_named(image: str, bases: str, step: str) -> None:
    assert f"images: {{api: {{bases: {{{bases}}}}}}}" in base_hint("api", step.format(image), load_versions())


def test_of_other_images_the_registry_is_named() -> None:
    hint = base_hint("api", "[internal] load metadata for registry.test/team/base:1", load_versions())
    assert hint == "see that registry.test can be reached, and that registry.test/team/base:1 is there"


@pytest.mark.parametrize("step", ["", "[2/3] RUN make", "[internal] load metadata for ???"])
def test_other_failures_have_no_hint_of_this(step: str) -> None:
    assert base_hint("api", step, load_versions()) == ""
