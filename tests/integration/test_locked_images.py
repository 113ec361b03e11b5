"""Images that a digest pins, against a real engine and a small registry on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.programs import require_program
from support.small_registry import SmallRegistry, digest_of, small_registry

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.errors import ImageError
from devenv.images.build.build import ImageProvider
from devenv.images.catalogue.presence import present_references
from devenv.plan.image import Image
from devenv.plan.steps import PullImage

pytestmark = pytest.mark.engine


@pytest.fixture
def registry(engine: Engine) -> Iterator[SmallRegistry]:
    require_program("docker")
    with small_registry(engine) as registry:
        yield registry


def test_only_the_locked_digest_counts_as_there_and_only_it_is_pulled(engine: Engine, registry: SmallRegistry) -> None:
    locked = registry.publish(b"first")
    assert engine.images.registry_digest(registry.reference) == locked
    image = Image("tiny", "1", registry.reference, locked, None, None)
    loose = Image("tiny", "1", registry.reference, None, None, None)
    step = PullImage("tiny", f"{registry.reference}@{locked}")
    provider = ImageProvider(engine, data_root())
    assert present_references(engine, [image]) == frozenset()

    provider.provide(step)
    assert present_references(engine, [image]) == {registry.reference}
    assert provider.provide(step) == "there already"
    first = engine.images.ids([registry.reference])[registry.reference]

    registry.publish(b"second")
    engine.images.pull(registry.reference)  # as somebody does by hand after the tag has moved
    assert engine.images.ids([registry.reference])[registry.reference] != first
    assert present_references(engine, [image]) == frozenset()
    assert present_references(engine, [loose]) == {registry.reference}

    provider.provide(step)
    assert engine.images.ids([registry.reference])[registry.reference] == first
    assert present_references(engine, [image]) == {registry.reference}


def test_a_digest_that_the_registry_has_not_is_never_replaced_by_what_it_has(
    engine: Engine, registry: SmallRegistry
) -> None:
    registry.publish(b"first")
    step = PullImage("tiny", f"{registry.reference}@{digest_of(b'another')}")
    with pytest.raises(ImageError, match="pull image"):
        ImageProvider(engine, data_root()).provide(step)
    assert engine.images.ids([registry.reference]) == {}


def test_a_digest_that_the_catalogue_advises_gives_way_to_what_a_registry_of_copies_has(
    engine: Engine, registry: SmallRegistry
) -> None:
    copy = registry.publish(b"a copy")
    step = PullImage("tiny", f"{registry.reference}@{digest_of(b'the original')}", advised=True)
    detail = ImageProvider(engine, data_root()).provide(step)
    assert "by its tag" in detail
    assert "devenv lock" in detail
    assert copy in str(engine.images.inspect(registry.reference)["RepoDigests"])
    original = registry.published[0]
    step = PullImage("tiny", f"{registry.reference}@{original}", advised=True)
    registry.publish(b"the tag has moved")
    assert "by its tag" not in ImageProvider(engine, data_root()).provide(step)
    assert original in str(engine.images.inspect(registry.reference)["RepoDigests"])
