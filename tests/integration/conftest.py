"""The engine that answers, and the labels by which what a module makes in it is known."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from support.programs import require_tool

from devenv.adapters.docker import Engine
from devenv.labels import OURS


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The engine, with the buildx that devenv provides."""
    engine = Engine.connect(buildx=require_tool("buildx"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def labels() -> dict[str, str]:
    """Labels of a module's own."""
    return {**OURS, "devenv.io/test": uuid.uuid4().hex}
