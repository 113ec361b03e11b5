"""Images that a command of this machine builds: the same variables as Skaffold's custom builders get.

https://skaffold.dev/docs/builders/builder-types/custom/
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from devenv.adapters import process
from devenv.adapters.docker import Engine
from devenv.errors import CommandFailedError, CommandTimeoutError, ImageError, ToolMissingError
from devenv.plan.image import HostBuild
from devenv.plan.steps import BuildImage

_DRAFT = "-draft"
"""What the command's own name for the image ends in: the final name is given once nothing has changed meanwhile."""
_SECONDS = 3600


def build_on_host(
    step: BuildImage,
    host: HostBuild,
    engine: Engine,
    *,
    output: Callable[[str], None],
    cancel: threading.Event,
    confirm: Callable[[], None],
) -> None:
    """Run the command, and give its image the name that it is to have, once `confirm` has not raised.

    Raises:
        ImageError: the command failed, or has left no image.
        InterruptedRunError: `cancel` was set.
    """
    draft = f"{step.reference}{_DRAFT}"
    engine.images.remove([draft])  # of a run that was killed
    _run(step, host, _variables(step, draft, engine), output, cancel)
    if draft not in engine.images.ids([draft]):
        raise ImageError(
            f"image {step.image}: the command ended well, and the engine has no image of the name that it was given",
            context={"command": host.shown, "IMAGE": draft},
            hint='name the image by the variable IMAGE: docker build --tag "$IMAGE" .',
        )
    try:
        confirm()
        engine.images.tag(draft, step.reference)
    finally:
        engine.images.remove([draft])


def _variables(step: BuildImage, draft: str, engine: Engine) -> dict[str, str]:
    version = engine.version()
    return {
        "IMAGE": draft,
        "PUSH_IMAGE": "false",
        "BUILD_CONTEXT": str(step.context),
        "PLATFORMS": f"{version.os}/{version.arch}",
        **dict(step.args),
    }


def _run(
    step: BuildImage, host: HostBuild, env: Mapping[str, str], output: Callable[[str], None], cancel: threading.Event
) -> None:
    try:
        process.run(
            host.command,
            cwd=step.context,
            env=env,
            timeout=_SECONDS,
            cancel=cancel,
            on_line=output,
            what=f"run {host.shown}",
        )
    except (CommandFailedError, CommandTimeoutError, ToolMissingError) as error:
        hint = error.hint or "the whole output is in the log"
        raise ImageError(f"build image {step.image} failed", context=error.context, hint=hint) from error
