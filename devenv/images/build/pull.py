"""Pulling an image: from upstream or its mirror, again where a registry asks for patience, and under upstream's name.

Responsible for one `PullImage` step. What a refusal means is translated by the engine's adapter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from devenv.adapters.docker.images import Images
from devenv.errors import ImageNotFoundError, InterruptedRunError, RegistryError
from devenv.plan.steps import PullImage
from devenv.spec.image_reference import Reference
from devenv.spec.workspace import LOCK_FILE

_PAUSES = (1.0, 4.0, 15.0)
"""Seconds before each further attempt. The engine itself tries a layer again, and nothing else."""
_LONGEST_PAUSE = 60.0
"""A registry that asks for more than this is not waited for."""


def pull(
    images: Images, step: PullImage, *, progress: Callable[[str], None], cancel: threading.Event, has_recipe: bool
) -> str:
    """Bring the image of a step into the engine under its own name; returns what it was pulled as.

    A reference with a digest is pulled by that alone, since engines look at the tag too, and leave it out.

    Raises:
        RegistryError: the registry has not given it, at last.
        InterruptedRunError: `cancel` was set.
    """
    wanted = step.mirrored or step.reference
    sources = [by_digest(wanted), *([without_digest(wanted)] if step.advised else [])]
    try:
        source = _pull_first(images, sources, progress, cancel)
    except RegistryError as error:
        if isinstance(error, ImageNotFoundError) and sources != [wanted] and not step.advised:
            error.hint = f"take the digest that the tag has now: devenv lock; or put another into {LOCK_FILE}"
        if has_recipe:
            error.hint += "; or do without any registry: devenv up --images recipes"
        raise
    if source != step.reference:
        images.tag(source, without_digest(step.reference))
    return source


def by_digest(text: str) -> str:
    """A reference with a tag and a digest by its digest alone; any other as it is."""
    name = Reference.parse(text)
    return f"{name.repository}@{name.digest}" if name.digest and name.tag else text


def without_digest(text: str) -> str:
    """A reference with a tag and a digest by its tag alone; any other as it is."""
    name = Reference.parse(text)
    return f"{name.repository}:{name.tag}" if name.tag else text


def _pull_first(
    images: Images, sources: Sequence[str], progress: Callable[[str], None], cancel: threading.Event
) -> str:
    """Pull the first of some references that its registry has; returns that one."""
    *preferred, last = sources
    for source in preferred:
        try:
            _pull_patiently(images, source, progress, cancel)
        except ImageNotFoundError as error:
            progress(error.message)
        else:
            return source
    _pull_patiently(images, last, progress, cancel)
    return last


def _pull_patiently(images: Images, reference: str, progress: Callable[[str], None], cancel: threading.Event) -> None:
    for pause in _PAUSES:
        try:
            images.pull(reference, progress, cancel)
        except RegistryError as error:
            if error.again_after is None or error.again_after > _LONGEST_PAUSE:
                raise
            seconds = max(pause, error.again_after)
            progress(f"{Reference.parse(reference).registry} broke off: again in {seconds:.0f} s")
            if cancel.wait(seconds):
                raise InterruptedRunError(f"stopped: pull {reference}") from error
        else:
            return
    images.pull(reference, progress, cancel)
