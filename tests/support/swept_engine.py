"""The engine for a test file: whatever is made under the file's own label is taken away at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from devenv.adapters.docker import Engine
from devenv.errors import EngineUnavailableError
from support.programs import missing


@contextmanager
def swept_engine(label: Mapping[str, str]) -> Iterator[Engine]:
    """The engine that answers; containers and images with the label are removed."""
    try:
        engine = Engine.connect()
    except EngineUnavailableError as error:
        missing(error.message)
    yield engine
    engine.remove_containers(container.name for container in engine.containers(dict(label)))
    engine.remove_images(engine.images_with(dict(label)))
    engine.close()
