"""`devenv render`: every manifest that `devenv up` would apply, without an engine or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.json_objects import Json
from devenv.errors import ToolMissingError
from devenv.events import MASK
from devenv.images.build.modules import modules_of
from devenv.plan.stack_steps import source_steps
from devenv.plan.steps import ApplyManifests, InstallChart
from devenv.runtime.observe.generated import settled_offline
from devenv.runtime.observe.rendering import rendered_offline
from devenv.runtime.toolbox import Toolbox
from devenv.spec.imports.note import lines_of
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import read_project
from devenv.workflows.access.stack_names import require_stacks
from devenv.workflows.offline import RENDERING, offline_inputs, offline_toolbox

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What the user asked for."""

    directory: Path
    stacks: tuple[str, ...] = ()
    """All that the project uses where none is named."""
    profile: str | None = None
    credentials: bool = False
    """Whether values of Secrets are shown."""


@dataclass(frozen=True, slots=True)
class RenderedStack:
    """What a stack comes to."""

    name: str
    objects: tuple[Json, ...]


def render_stacks(request: RenderRequest, tell: Callable[[str], None]) -> list[RenderedStack]:
    """The objects of stacks, each stack after those that it needs.

    Args:
        request: what the user asked for.
        tell: hears of what imported files say and is not carried over.

    Raises:
        SpecError: with every problem of the specification, or a source has no manifests.
        UsageError: a name is none of the project's stacks.
        ToolMissingError: Helm, kubectl or a module is not on this machine yet.
        CommandFailedError: Helm or kustomize refuses a source.
    """
    workspace = read_project(request.directory, profile=request.profile)
    for note in lines_of(workspace.notes, workspace.root):
        tell(note)
    require_stacks(workspace, request.stacks)
    names = [name for name in workspace.selected if not request.stacks or name in request.stacks]
    # Who wants the values of Secrets wants those that fit each other, be they others each time.
    stacks = render_workspace(workspace, names, settled=not request.credentials)
    if request.credentials:
        return stacks
    return [RenderedStack(stack.name, tuple(map(_masked, stack.objects))) for stack in stacks]


def render_workspace(workspace: Workspace, names: Sequence[str], *, settled: bool) -> list[RenderedStack]:
    """The objects of stacks of a project that is loaded, values of Secrets among them.

    Args:
        workspace: the project, in the profile that is wanted.
        names: of the stacks.
        settled: whether what charts make up is left out.

    Raises:
        what `render_stacks` raises of what is rendered.
    """
    toolbox = _toolbox(workspace, names)
    steps = [(spec.name, step) for spec, made in offline_inputs(workspace, names) for step in source_steps(spec, made)]
    kubernetes = workspace.versions.node.kubernetes
    rendered = settled_offline if settled else _as_made
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="render") as pool:
        objects = list(pool.map(lambda pair: rendered(pair[1], toolbox, kubernetes), steps))
    found = [(name, item) for (name, _), items in zip(steps, objects, strict=True) for item in items]
    return [RenderedStack(name, tuple(item for of, item in found if of == name)) for name in names]


def _as_made(step: InstallChart | ApplyManifests, toolbox: Toolbox, kubernetes: str) -> list[Json]:
    return manifests.documents(rendered_offline(step, toolbox, kubernetes))


def _toolbox(workspace: Workspace, names: Sequence[str]) -> Toolbox:
    toolbox = offline_toolbox(workspace)
    modules = modules_of([workspace.stacks[name].spec for name in names], workspace.versions.modules)
    missing = [name for name in RENDERING if name not in toolbox.programs]
    missing += [module.path for module in modules if not module.cached]
    if missing:
        raise ToolMissingError(f"not on this machine yet: {', '.join(missing)}", hint="devenv pull")
    for module in modules:
        toolbox = toolbox.with_module(module.path, module.folder)
    return toolbox


def _masked(item: Json) -> Json:
    """A Secret without its values; any other object as it is."""
    if item.get("kind") != "Secret":
        return item
    return {**item, **{key: dict.fromkeys(item[key], MASK) for key in ("data", "stringData") if item.get(key)}}
