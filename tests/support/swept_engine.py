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
    engine.containers.remove(container.name for container in engine.containers.list(dict(label)))
    # Names first: an image on which another is built can only lose its name, and goes with the other.
    engine.images.remove(name for image in engine.images.list(dict(label)) for name in image.references)
    engine.images.remove(image.id for image in engine.images.list(dict(label)))
    engine.close()
