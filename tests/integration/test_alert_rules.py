"""The rules of the built-in stacks, tested by promtool in the image that the stack runs."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from support.images import provide

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root

pytestmark = pytest.mark.engine
STACKS = data_root() / "stacks"
TESTS = sorted(STACKS.glob("*/*/rules-tests/*.yaml"))


@pytest.mark.parametrize("test", TESTS, ids=lambda test: f"{test.parents[1].name}-{test.stem}")
def test_rules_fire_when_they_should_and_only_then(test: Path, engine: Engine, labels: dict[str, str]) -> None:
    image = provide("prometheus", engine)
    stack = test.parents[1]
    container = engine.client.containers.create(
        image,
        ["test", "rules", f"/stack/rules-tests/{test.name}"],
        entrypoint="/bin/promtool",
        network_mode="none",
        tmpfs={"/tmp": ""},  # noqa: S108 - where promtool keeps its series
        labels=labels,
    )
    try:
        container.put_archive("/", _archive(stack, "stack"))
        container.start()
        status = container.wait(timeout=120)["StatusCode"]
        assert status == 0, container.logs().decode()
    finally:
        engine.containers.remove([str(container.name)])


def _archive(folder: Path, name: str) -> bytes:
    """Rules and their tests, as they lie in the stack."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as content:
        for part in ("chart/rules", "rules-tests"):
            content.add(folder / part, f"{name}/{part}")
    return archive.getvalue()
