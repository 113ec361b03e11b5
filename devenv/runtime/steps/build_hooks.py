"""Commands of this machine that follow the build of an image."""

from __future__ import annotations

from devenv.errors import CommandFailedError, CommandTimeoutError, ImageError, ToolMissingError
from devenv.plan.steps import BuildImage
from devenv.runtime.host_commands import require_agreed, run_on_host
from devenv.runtime.step_context import StepContext
from devenv.spec.image_reference import Reference

_SECONDS = 600.0


def require_agreed_build(step: BuildImage, context: StepContext) -> None:
    """See that the user has agreed to all that a build runs on this machine; raises HostCommandError."""
    for shown in step.host_commands:
        require_agreed(context.environment, shown)


def run_after_build(step: BuildImage, context: StepContext) -> None:
    """Run what follows a build; where that fails the image loses its name, so that the next run does both again.

    Raises:
        ImageError: a command failed.
    """
    name = Reference.parse(step.reference)
    variables = {
        "IMAGE": step.reference,
        "PUSH_IMAGE": "false",
        "BUILD_CONTEXT": str(step.context),
        "SKAFFOLD_IMAGE": step.reference,
        "SKAFFOLD_IMAGE_REPO": name.repository,
        "SKAFFOLD_IMAGE_TAG": name.tag,
        "SKAFFOLD_PUSH_IMAGE": "false",
        "SKAFFOLD_BUILD_CONTEXT": str(step.context),
    }
    for call in step.after:
        try:
            run_on_host(call.command, context, shown=call.shown, folder=call.folder, seconds=_SECONDS, env=variables)
        except (CommandFailedError, CommandTimeoutError, ToolMissingError) as error:
            context.environment.engine.images.remove([step.reference])
            hint = error.hint or "the whole output is in the log"
            raise ImageError(
                f"image {step.image} was built, and what follows its build failed", context=error.context, hint=hint
            ) from error
