"""Pruning in a real engine: only images that carry this run's label are at stake."""

from __future__ import annotations

import io
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.swept_engine import swept_engine

from devenv.adapters.docker import Engine
from devenv.images.catalogue.inventory import Usage
from devenv.labels import OURS
from devenv.runtime.observe.image_usage import image_usage
from devenv.workflows.images import prune_images, read_images

pytestmark = pytest.mark.engine
EXAMPLE = Path(__file__).parents[2] / "examples" / "alt"
RUN = f"test-{uuid.uuid4().hex[:8]}"
LABELS = {**OURS, "devenv.io/test": RUN}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with swept_engine({"devenv.io/test": RUN}) as engine:
        yield engine


def usage_but_of_tests_beside(engine: Engine) -> Usage:
    """Other tests make clusters that do not answer, and locks, in the same engine at the same time."""
    return replace(image_usage(engine), unknown=())


def make(engine: Engine, reference: str, labels: dict[str, str]) -> str:
    """An image with one file that no other image has; returns its ID."""
    buffer, content = io.BytesIO(), uuid.uuid4().bytes
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("file")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return engine.images.import_tar([buffer.getvalue()], reference, ['CMD ["/file"]'], labels)


def test_prune_removes_former_builds_and_dangling_images_and_nothing_else(engine: Engine) -> None:
    former, replaced, used, foreign, theirs = (
        f"localhost/devenv-test/former:{RUN}",
        f"localhost/devenv-test/replaced:{RUN}",
        f"localhost/devenv-test/used:{RUN}",
        f"localhost/devenv-test/foreign:{RUN}",
        f"shop.test/on-our-base:{RUN}",
    )
    make(engine, former, LABELS)
    dangling = make(engine, replaced, LABELS)
    make(engine, replaced, LABELS)
    make(engine, used, LABELS)
    make(engine, foreign, {"devenv.io/test": f"{RUN}-foreign"})
    user = engine.client.api.create_container(used, command=["-"], labels={"devenv.io/test": RUN})["Id"]
    engine.client.api.commit(user, "shop.test/on-our-base", RUN)
    try:
        report = read_images(EXAMPLE, LABELS, usage_but_of_tests_beside)
        doomed = {image.handle for image in report.removable}
        assert doomed == {former, replaced, dangling}
        assert prune_images(report, lambda _: False).images == ()
        assert engine.images.ids([former])
        removed = prune_images(report, lambda images: {image.handle for image in images} == doomed)
        assert {image.handle for image in removed.images} == doomed
        left = {reference for image in engine.images.list() for reference in (*image.references, image.id)}
        assert not doomed & left
        assert {used, foreign, theirs} <= left
        assert read_images(EXAMPLE, LABELS, usage_but_of_tests_beside).removable == ()
    finally:
        engine.images.remove([foreign])
