"""Selected stacks, rendered and hashed: what the planner compares with what the cluster records."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from devenv.images.content.fingerprint import FileDigests, hash_of
from devenv.plan.observed import StackInput
from devenv.plan.steps import CarriedFolder
from devenv.runtime.observe.carried_folders import carry
from devenv.runtime.observe.stack_files import chart_files, files_below, kustomization_files, kustomization_variables
from devenv.spec.read.places import overlay_path, visible_files
from devenv.spec.render import ProjectFacts, chart_values, kustomized, merged, nested, with_hooks_filled
from devenv.spec.stack import Source, StackSpec
from devenv.spec.workspace import LoadedStack, Workspace

_FORM = "1"
"""Raised when devenv begins to install the same content in another way."""
_SHOWN_ONLY = {"summary", "version", "endpoints", "credentials", "alongside", "variants"}
"""What is shown to people and changes nothing in the cluster, and what is among images and values where it counts."""
_FOLDERS = ("migrations", "seeds")
"""Of a database; its reset compares what they hold."""
_CONTENT_DIGITS = 40
"""A label's value has at most 63 characters."""


def stack_inputs(
    workspace: Workspace,
    names: Sequence[str],
    facts: ProjectFacts,
    images: Mapping[str, str],
    digests: FileDigests,
    *,
    environ: Mapping[str, str],
    hashed: bool = True,
) -> list[tuple[StackSpec, StackInput]]:
    """Each stack of `names` with what its steps are made of.

    Args:
        workspace: the project.
        names: stacks, each after those that it needs.
        facts: what values may refer to.
        images: image name to the reference that charts are given.
        digests: remembers files' hashes.
        environ: where licences are looked for, and what kustomizations take from it.
        hashed: whether their contents are told; what is only rendered is compared with nothing.
    """
    stacks = [workspace.stacks[name] for name in names]
    filled = [replace(stack, spec=with_hooks_filled(stack.spec, facts)) for stack in stacks]
    made = partial(_stack_input, workspace, facts=facts, images=images, digests=digests, environ=environ, hashed=hashed)
    return [(stack.spec, made(stack)) for stack in filled]


def is_licensed(spec: StackSpec, environ: Mapping[str, str]) -> bool:
    """Whether the user holds the token that a stack knows to use."""
    return spec.licence is not None and bool(environ.get(spec.licence.variable))


def renew(rendered: StackInput) -> StackInput:
    """The same stack, its database to be reset once its pristine state is made: its Job leaves the live data alone."""
    values = merged(json.loads(rendered.values), {"global": {"devenv": {"pristineOnly": True}}})
    return replace(rendered, values=json.dumps(values, sort_keys=True), renewed=True)


def images_of(spec: StackSpec, *, licensed: bool) -> dict[str, str]:
    """Each image of a stack with the one that is used for it."""
    instead = spec.licence.images if spec.licence and licensed else {}
    return {name: instead.get(name, name) for name in spec.images}


def _stack_input(
    workspace: Workspace,
    stack: LoadedStack,
    facts: ProjectFacts,
    images: Mapping[str, str],
    digests: FileDigests,
    *,
    environ: Mapping[str, str],
    hashed: bool,
) -> StackInput:
    spec = stack.spec
    licensed = is_licensed(spec, environ)
    names = images_of(spec, licensed=licensed)
    given = {name: images[used] for name, used in names.items()}
    carried = tuple(_carried(stack, place.folder, digests) for place in spec.config_maps)
    values = _values(workspace, stack, facts, given, carried, licensed=licensed)
    profiles = workspace.project.profile_and_base(facts.profile)
    sources = tuple(_path(source, stack.root, profiles, workspace.charts) for source in spec.sources)
    renamed = tuple(place for name, injection in spec.images.items() for place in kustomized(injection, given[name]))
    made = StackInput(
        name=spec.name,
        root=stack.root,
        values=values,
        content="",
        images={used: images[used] for used in names.values()},
        database_content=database_content(stack, digests) if hashed else "",
        database_seeds=database_seeds(stack),
        seeds=workspace.seeds.to_json() if spec.seeds else "",
        licensed=licensed,
        domain=facts.domain,
        sources=sources,
        pinned=_pinned(spec, workspace),
        kustomize_images=renamed,
        config_maps=carried,
    )
    if not hashed:
        return made
    pins = tuple(_digests(made.images, workspace))
    content = partial(_content, made, workspace, stack, digests, environ)
    return replace(made, content=content(pins=pins), unpinned_content=content(pins=()) if pins else "")


def _content(
    made: StackInput,
    workspace: Workspace,
    stack: LoadedStack,
    digests: FileDigests,
    environ: Mapping[str, str],
    *,
    pins: Sequence[str],
) -> str:
    """Hash of everything that a stack is made of; `pins` are the digests of its images."""
    return hash_of(
        _FORM,
        _identity(stack.spec),
        made.values,
        made.seeds,
        made.domain if stack.spec.tls or stack.spec.ca else "",
        *(text for place in made.kustomize_images for text in place),
        *_module_sums(stack.spec, workspace),
        *pins,
        *_files(stack, made.sources, digests, environ),
    )[:_CONTENT_DIGITS]


def _identity(spec: StackSpec) -> str:
    """What a stack says, as far as it is not where the files lie that count by what they hold."""
    said = spec.model_dump(mode="json", exclude=_SHOWN_ONLY, exclude_defaults=True)
    for source in said["sources"]:
        if (chart := source.get("chart")) and not chart.get("module"):
            source["chart"] = {key: value for key, value in chart.items() if key not in ("path", "builtin")}
    for image in said.get("images", {}).values():
        image.pop("build", None)
    for place in said.get("config_maps", ()):
        place.pop("folder")
    database = said.get("database", {})
    said |= {"files": sorted(said.get("files", ()))}
    said = {key: value for key, value in said.items() if key not in ("values_files", "set")}  # as values they count
    said |= {"database": {**database, **{key: True for key in _FOLDERS if key in database}}} if database else {}
    return json.dumps(said, sort_keys=True)


def _values(
    workspace: Workspace,
    stack: LoadedStack,
    facts: ProjectFacts,
    images: Mapping[str, str],
    carried: Sequence[CarriedFolder],
    *,
    licensed: bool,
) -> str:
    """The values of a stack's charts, JSON; `images` and `carried` by the names and in the order of the stack."""
    spec = stack.spec
    values = chart_values(
        spec,
        facts,
        profile_values=stack.profile_values.get(facts.profile, {}),
        chosen_values=workspace.chosen_values(spec.name),
        images=images,
        file_values=stack.file_values,
    )
    if spec.licence and licensed:
        values = merged(values, nested(spec.licence.value, spec.licence.secret))
    for path, file in spec.files.items():
        # What is no text is told where stacks' contents are checked.
        text = (stack.root / file).read_text(encoding="utf-8-sig", errors="replace")
        values = merged(values, nested(path, text))
    for place, folder in zip(spec.config_maps, carried, strict=True):
        values = merged(values, nested(place.value, list(folder.names)))
    return json.dumps(values, sort_keys=True)


def _carried(stack: LoadedStack, folder: str, digests: FileDigests) -> CarriedFolder:
    top = stack.root / folder
    parts = [part for file in visible_files(top) for part in (str(file.relative_to(top)), digests.of(file))]
    return carry(stack.spec.name, top, hash_of(*parts))


def database_content(stack: LoadedStack, digests: FileDigests) -> str:
    """Hash of what makes a stack's database what it is before anybody writes to it; empty without a database."""
    database = stack.spec.database
    if database is None:
        return ""
    folders = [(name, stack.root / path) for name in _FOLDERS if (path := getattr(database, name))]
    parts = [
        part
        for name, top in folders
        for file in files_below(top)
        for part in (name, str(file.relative_to(top)), digests.of(file))
    ]
    return hash_of(*parts)[:_CONTENT_DIGITS]


def database_seeds(stack: LoadedStack) -> tuple[Path, ...]:
    """The files that a stack's database is seeded with, in the order of their names; hidden ones are nobody's seeds."""
    database = stack.spec.database
    files = visible_files(stack.root / database.seeds) if database and database.seeds else []
    # What else is there, scripts of PostgreSQL may read.
    return tuple(file for file in files if file.suffix == ".sql" or not database or database.engine != "postgres")


def _path(source: Source, root: Path, profiles: Sequence[str], charts: Path) -> str:
    """Where a source's files are: absolute, or inside its module; empty for what is fetched by Helm."""
    if source.chart and source.chart.builtin:
        return str((charts / source.chart.builtin).resolve())
    if source.kustomize:
        return str((root / overlay_path(root, source.kustomize.path, profiles)).resolve())
    named = source.chart or source.manifests
    if named is None or named.path is None:
        return ""
    return named.path if named.module else str((root / named.path).resolve())


def _module_sums(spec: StackSpec, workspace: Workspace) -> Iterator[str]:
    for source in spec.sources:
        named = source.chart or source.manifests
        if named and named.module:
            yield workspace.versions.modules[named.module].sum


def _pinned(spec: StackSpec, workspace: Workspace) -> dict[int, str]:
    """By its place, what names the manifests of each source that are a pinned module's."""
    return {
        index: f"{named.module} {workspace.versions.modules[named.module].sum} {named.path} {spec.namespace}"
        for index, source in enumerate(spec.sources)
        if (named := source.manifests) and named.module
    }


def _digests(images: Mapping[str, str], workspace: Workspace) -> Iterator[str]:
    """The digests that pin a stack's images where upstream's are used: charts are given tags alone."""
    for name, reference in images.items():
        listed = workspace.versions.images.get(name)
        if listed and listed.digest and reference == listed.upstream:
            yield listed.digest


def _files(
    stack: LoadedStack, sources: Sequence[str], digests: FileDigests, environ: Mapping[str, str]
) -> Iterator[str]:
    """Path and hash of every file that the stack installs or checks with, in a fixed order.

    With what kustomizations among them take from the environment.
    """
    for source, path in zip(stack.spec.sources, sources, strict=True):
        files = dict(_named_files(source, Path(path), stack.root))
        for file, name in files.items():
            yield name
            yield digests.of(file)
        if source.kustomize:
            yield from (f"{name}={environ.get(name, '')}" for name in kustomization_variables(files))
    for check in stack.spec.ready:
        if check.dry_run:
            yield digests.of(stack.root / check.dry_run.path)


def _named_files(source: Source, path: Path, root: Path) -> Iterator[tuple[Path, str]]:
    """Each file of a source, and its path relative to the source."""
    if not path.is_absolute():
        return  # of a module, or fetched by Helm
    # Beside a kustomization, anything in the stack may be meant for it.
    top = root.resolve() if source.kustomize else path
    named = kustomization_files(path) if source.kustomize else chart_files(path) if source.chart else []
    for file in [*files_below(top), *(file for file in named if not file.is_relative_to(top))]:
        yield file, os.path.relpath(file, top)
