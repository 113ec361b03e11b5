"""`devenv validate --all`: every stack for every profile, rendered and held to what Kubernetes and the project want.

Responsible for the order: load, render in parallel, judge, find where each thing was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.errors import DevenvError, Problem, SpecError, ToolMissingError, UsageError
from devenv.images.build.modules import modules_of
from devenv.plan.steps import ApplyManifests
from devenv.runtime.examination.batches import chunks
from devenv.runtime.examination.judgement import Standards, judge, unknown_kinds
from devenv.runtime.examination.places import Places
from devenv.runtime.examination.sources import RenderedSource, Renderer, Step, steps_of
from devenv.runtime.toolbox import Toolbox
from devenv.spec.checks.stack_contents import require_sound_contents
from devenv.spec.kubernetes.finding import Level
from devenv.spec.kubernetes.schemas import kept_versions, kubernetes_schemas, lives, minor
from devenv.spec.workspace import LoadedStack, Workspace
from devenv.spec.yaml.positions import plain_key
from devenv.workflows.access.project import read_project
from devenv.workflows.offline import RENDERING, offline_inputs, offline_toolbox, refusal

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class ValidateRequest:
    """What the user asked for."""

    directory: Path
    kubernetes: tuple[str, ...] = ()
    """Versions that the kinds of objects are wanted in; the node's own where none is named."""
    profiles: tuple[str, ...] = ()
    """All that there are where none is named."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where it was written, and in which profiles it shows."""

    rule: str
    level: Level
    file: Path
    line: int
    message: str
    hint: str = ""
    stack: str = ""
    object: str = ""
    """Kind and name of what was rendered; empty where nothing was."""
    field: str = ""
    """Its place in the object."""
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What was examined, and what is wrong."""

    root: Path
    profiles: tuple[str, ...]
    kubernetes: tuple[str, ...]
    schemas: str
    """The version of Kubernetes whose schemas objects were held to."""
    sources: int
    """How many charts, kustomizations and manifests were rendered, in all profiles together."""
    objects: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    """What could not be examined, and why."""

    @property
    def errors(self) -> int:
        """How many faults are errors."""
        return sum(fault.level == "error" for fault in self.faults)


@dataclass(frozen=True, slots=True)
class _Profile:
    """What a project comes to in a profile."""

    workspace: Workspace
    sources: Sequence[RenderedSource]


def validate_all(request: ValidateRequest) -> Report:
    """Examine a project without an engine or a cluster.

    Raises:
        ProjectNotFoundError: there is no devenv.yaml.
        SpecError: the specification is wrong in the profile of devenv.yaml already.
        UsageError: there is no such profile, or no schemas of a version.
        ToolMissingError: Helm or kubectl is not on this machine yet.
    """
    first = read_project(request.directory)
    require_sound_contents(first.stacks[name] for name in first.selected)
    versions = tuple(map(minor, request.kubernetes)) or (minor(first.versions.node.kubernetes),)
    schemas = _schemas_for(versions[0])
    standards = Standards(kubernetes_schemas(schemas), versions, lives())
    profiles = request.profiles or first.project.known_profiles
    faults = list[Fault]()
    workspaces = list(_workspaces(first, profiles, faults))
    rendered = _rendered(workspaces, Renderer(_toolbox(first), f"v{schemas}.0"))
    for profile in rendered:
        faults += _faults(profile, standards)
    notes = {note for profile in rendered for note in _notes(profile.sources, standards)}
    every = [source for profile in rendered for source in profile.sources]
    return Report(
        root=first.root,
        profiles=tuple(profiles),
        kubernetes=versions,
        schemas=schemas,
        sources=len(every),
        objects=sum(len(source.made) for source in every),
        faults=tuple(_merged(faults)),
        notes=tuple(sorted(notes)),
    )


def _schemas_for(version: str) -> str:
    """The version whose schemas are used; raises UsageError where none are kept of it."""
    kept = kept_versions()
    if version in kept:
        return version
    raise UsageError(f"there are no schemas of Kubernetes {version}", hint=f"one of {', '.join(kept)} comes first")


def _workspaces(first: Workspace, profiles: Iterable[str], faults: list[Fault]) -> Iterator[Workspace]:
    """The project in each profile; what is wrong with its specification there is a fault."""
    for profile in profiles:
        try:
            workspace = first
            if profile != first.project.profile:
                workspace = read_project(first.root, profile=profile)
            require_sound_contents(workspace.stacks[name] for name in workspace.selected)
        except SpecError as error:
            faults += [_of_problem(problem, profile) for problem in error.problems]
        else:
            yield workspace


def _rendered(workspaces: Iterable[Workspace], renderer: Renderer) -> list[_Profile]:
    """All that the profiles come to: Helm and kubectl work on several sources at once."""
    steps = [(workspace, list(_steps(workspace))) for workspace in workspaces]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="validate") as pool:
        # One profile at a time: overlays of a stack hold the same namespaces.
        parts = [part for _, each in steps for part in chunks(s for _, s in each if isinstance(s, ApplyManifests))]
        list(pool.map(renderer.together, parts))
        begun = [
            (workspace, [pool.submit(renderer.source, *step, workspace.project.profile) for step in each])
            for workspace, each in steps
        ]
        return [_Profile(workspace, [future.result() for future in futures]) for workspace, futures in begun]


def _steps(workspace: Workspace) -> Iterator[tuple[LoadedStack, Step]]:
    """The sources of the stacks that are used, and of the project's own that are not."""
    own = [name for name, stack in workspace.stacks.items() if not stack.builtin and name not in workspace.selected]
    names = [*workspace.selected, *own]
    return steps_of((workspace.stacks[spec.name], made) for spec, made in offline_inputs(workspace, names))


def _toolbox(workspace: Workspace) -> Toolbox:
    """With Helm, kubectl, and the modules that are there."""
    toolbox = offline_toolbox(workspace)
    if missing := [name for name in RENDERING if name not in toolbox.programs]:
        raise ToolMissingError(f"not on this machine yet: {', '.join(missing)}", hint="devenv pull")
    for module in modules_of([stack.spec for stack in workspace.stacks.values()], workspace.versions.modules):
        if module.cached:
            toolbox = toolbox.with_module(module.path, module.folder)
    return toolbox


def _faults(profile: _Profile, standards: Standards) -> Iterator[Fault]:
    places = Places(profile.workspace)
    for source in profile.sources:
        if source.failure and not isinstance(source.failure, ToolMissingError):
            yield _of_failure(source, source.failure, places)
    for judged in judge(profile.sources, standards):
        place = places.of(judged.source, judged.rendered, judged.template, judged.finding.path)
        yield Fault(
            rule=judged.finding.rule,
            level=judged.finding.level,
            file=place.file,
            line=place.line,
            message=judged.finding.message,
            hint=judged.finding.hint,
            stack=judged.rendered.stack,
            object=f"{judged.rendered.kind} {judged.rendered.name}",
            field=plain_key(judged.finding.path),
            profiles=(judged.source.profile,),
        )


def _of_failure(source: RenderedSource, failure: DevenvError, places: Places) -> Fault:
    place = places.of_failure(source, failure)
    said = failure.problems[0].message if isinstance(failure, SpecError) else refusal(failure)
    stack = source.stack.spec.name
    return Fault("cannot-render", "error", place.file, place.line, said, stack=stack, profiles=(source.profile,))


def _of_problem(problem: Problem, profile: str) -> Fault:
    said = f"{problem.key}: {problem.message}" if problem.key else problem.message
    return Fault("specification", "error", problem.file, problem.line, said, problem.hint, profiles=(profile,))


def _notes(sources: Sequence[RenderedSource], standards: Standards) -> Iterator[str]:
    for source in sources:
        if isinstance(source.failure, ToolMissingError):
            yield f"stack {source.stack.spec.name}: {source.failure.message}: {source.failure.hint}"
    for kind in unknown_kinds(sources, standards.schemas):
        yield f"{kind} is not checked: no stack brings its definition"


def _merged(faults: Iterable[Fault]) -> list[Fault]:
    """Each fault once, with all profiles that it shows in; by file and line."""
    found: dict[Fault, list[str]] = {}
    for fault in faults:
        found.setdefault(replace(fault, profiles=()), []).extend(fault.profiles)
    merged = [replace(fault, profiles=tuple(dict.fromkeys(profiles))) for fault, profiles in found.items()]
    return sorted(merged, key=lambda f: (str(f.file), f.line, f.rule, f.message, f.object, f.field))
