"""Checks of the files whose text goes into charts' values: they are text, and not too much of it."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.errors import Problem
from devenv.spec.workspace import LoadedStack
from devenv.spec.yaml.text import NotTextError, read_text

FILES_BYTES = 384 << 10
"""Helm keeps a release in one Secret of 1 MiB, with the values and what is made of them."""


def value_file_problems(stack: LoadedStack) -> Iterator[Problem]:
    """What is wrong with the files of a stack that are values, all of which are there."""
    size = 0
    for path in stack.spec.files.values():
        file = stack.root / path
        size += file.stat().st_size
        try:
            read_text(file)
        except NotTextError as error:
            yield Problem(file, error.line, "", error.message, error.hint)
        except OSError as error:
            yield Problem(file, 1, "", f"{file.name} cannot be read: {(error.strerror or str(error)).lower()}")
    if size > FILES_BYTES:
        message = (
            f"{len(stack.spec.files)} files that are values have {size >> 10} KiB; at most {FILES_BYTES >> 10} KiB fit"
        )
        yield Problem(stack.root, 1, "", message, "put what is large into an image, or in a folder under config_maps")
