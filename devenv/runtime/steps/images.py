"""The steps that provide tools, modules and images, and load images into nodes."""

from __future__ import annotations

from pathlib import Path

from devenv.adapters.tools.toolchain import Toolchain
from devenv.images.build.build import PULL_ERRORS, ImageStep, Listener, give_up
from devenv.images.build.modules import Module, fetch_in_container, fetch_with_go, go_on_path
from devenv.images.load.loader import load
from devenv.images.nodes.image import preload
from devenv.plan.provision import BUILDX
from devenv.plan.steps import AssembleNodeImage, BuildImage, FetchModule, LoadImage, ProvideTool, PruneBuildCache
from devenv.runtime.step_context import StepContext
from devenv.runtime.steps.build_hooks import require_agreed_build, run_after_build


def provide_tool(step: ProvideTool, context: StepContext) -> str:
    """Make a program available: downloaded and verified, or built in a container."""
    environment = context.environment
    listener = _listener(context)

    def build(target: Path) -> None:
        environment.provider.build_tool(
            environment.catalogue,
            step.tool,
            target,
            mode=step.images,
            listener=listener,
            buildx=_buildx(context),
        )

    located = Toolchain(environment.workspace.versions.tools).provide(
        step.tool, build=build, on_progress=context.progress, cancel=context.cancel
    )
    if located.path is None:
        raise AssertionError("a provided tool has a path")
    context.run.add_program(step.tool, located.path)
    return f"{located.version} from {located.origin}"


def fetch_module(step: FetchModule, context: StepContext) -> str:
    """Fetch a Go module's files, verified against the pinned checksum."""
    environment = context.environment
    module = Module(step.module, step.version, step.checksum)
    go = None if step.image else go_on_path()
    if go:
        folder = fetch_with_go(module, go, cancel=context.cancel, on_line=context.output)
    else:
        folder = fetch_in_container(
            module,
            environment.engine,
            environment.data / "cluster" / "images" / "go-module",
            step.image,
            environment.trust.bundle,
            cancel=context.cancel,
            on_line=context.output,
            buildx=_buildx(context),
        )
    context.run.add_module(step.module, folder)
    return f"{step.version} by {go or 'a container'}"


def provide_image(step: ImageStep, context: StepContext) -> str:
    """Pull, build or bootstrap an image; of a pull that fails, the run learns where a recipe may take its place.

    Raises HostCommandError where a command builds it that nobody has agreed to.
    """
    if isinstance(step, BuildImage):
        require_agreed_build(step, context)
    try:
        done = context.environment.provider.provide(step, _listener(context), buildx=_buildx(context))
    except PULL_ERRORS as error:
        give_up(step, error, context.run.given_up)
        raise
    if isinstance(step, BuildImage):
        run_after_build(step, context)
    return done


def assemble_node_image(step: AssembleNodeImage, context: StepContext) -> str:
    """Load the system's images into the node's base image."""
    engine = context.environment.engine
    preload(
        engine.client,
        step.base,
        dict(step.system_images),
        step.reference,
        context.progress,
        labels=engine.containers.own_labels,
    )
    return f"{engine.images.size(step.reference) / 1e6:.0f} MB"


def prune_build_cache(step: PruneBuildCache, context: StepContext) -> str:
    """Bring the engine's build cache below its bound."""
    freed = context.environment.engine.builds.prune_cache(step.keep_bytes)
    return f"{freed / 1e9:.1f} GB freed"


def load_image(step: LoadImage, context: StepContext) -> str:
    """Bring an image into every node."""
    environment = context.environment
    loaded = context.run.loaded[step.image] = load(
        environment.engine,
        step.reference,
        environment.node_names(),
        progress=context.progress,
        cancel=context.cancel,
        session=context.run.loads,
        expect_changes=step.changes,
    )
    return f"{loaded.sent_bytes / 1e6:.0f} MB sent"


def _buildx(context: StepContext) -> Path | None:
    return context.run.toolbox.programs.get(BUILDX)


def _listener(context: StepContext) -> Listener:
    return Listener(progress=context.progress, output=context.output, cancel=context.cancel)
