"""Loads a project: devenv.yaml, stacks, the catalogue of versions and seeds, or every problem at once.

Responsible for the order of reading and checking. What is right or wrong is decided by the modules it calls;
no input makes it raise anything but the errors named here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from devenv.errors import Problem, SpecError, UsageError
from devenv.spec.checks import files, references
from devenv.spec.checks.compatibility import compatibility_problems
from devenv.spec.checks.profiles import profile_problems
from devenv.spec.checks.project_databases import database_problems
from devenv.spec.checks.services import name_problems, service_problems
from devenv.spec.checks.set_values import set_value_problems
from devenv.spec.checks.stack_contents import content_problems
from devenv.spec.checks.value_places import value_place_problems
from devenv.spec.imports.note import Note
from devenv.spec.imports.reading import WithImports, read_imports
from devenv.spec.lock import locked, read_lock
from devenv.spec.model import PROFILES
from devenv.spec.needs import needed_by, order
from devenv.spec.project import ProjectSpec
from devenv.spec.read.compatibility_files import read_compatibility
from devenv.spec.read.discover import builtin_stacks, find_project, project_stacks
from devenv.spec.read.drafts import PLACEHOLDER, StackDraft, overridden, read_stack
from devenv.spec.read.places import Boundary, Kind, PathProblem
from devenv.spec.read.problems import ordered
from devenv.spec.read.seed_files import SeedFile, StackSecret, load_seeds
from devenv.spec.read.validation import check
from devenv.spec.render import in_company, in_variant, merged
from devenv.spec.seeds import Seeds
from devenv.spec.services.databases import EngineStacks, translate_databases, used_node_ports
from devenv.spec.services.images import ImageNames
from devenv.spec.services.reference import Reference
from devenv.spec.services.translation import Origin, translate_services
from devenv.spec.sources.reading import source_stacks
from devenv.spec.stack import StackSpec
from devenv.spec.stack_images import StackImages, collect_images
from devenv.spec.tasks.problems import task_problems
from devenv.spec.versions import Versions
from devenv.spec.workspace import LOCK_FILE, LoadedStack, Locked, Workspace
from devenv.spec.yaml.positions import Document
from devenv.spec.yaml.reader import read_yaml

VERSIONS_FILE = Path(__file__).parent.parent / "versions.yaml"
_EMPTY_PROJECT = "a project has at least: project: NAME, and services or stacks: [{name: STACK}]"


@dataclass(frozen=True, slots=True)
class _Places:
    """Where that is which a project does not hold itself."""

    data_root: Path
    sources: Path | None
    versions_file: Path


@dataclass(frozen=True, slots=True)
class _Parts:
    """What was read, as far as it could be."""

    project: ProjectSpec | None
    document: Document | None
    boundary: Boundary
    drafts: dict[str, StackDraft]
    versions: Versions | None
    lock: Locked
    seeds: Seeds
    inputs: tuple[Path, ...]
    images: StackImages
    """Those that the stacks bring along among them."""
    charts: Path
    unread: frozenset[str]
    """Services and databases of which too much is wrong."""
    notes: tuple[Note, ...]
    """Of imports."""
    imported: Mapping[str, Path]
    """Services, databases and stacks of imports, each with the file that it is written in."""
    whole: bool
    """Whether all sources of stacks could be read; else nothing is blamed for stacks that it seems to lack."""


def load_workspace(
    start: Path,
    *,
    data_root: Path,
    sources: Path | None = None,
    profile: str | None = None,
    versions_file: Path = VERSIONS_FILE,
) -> Workspace:
    """Load the project of a folder.

    Args:
        start: devenv.yaml is looked for here and above.
        data_root: the folder with devenv's own `stacks/` and `localstack-init/`.
        sources: the folder with what was fetched of the project's `stack_sources`.
        profile: dev, staging, prod or one of the project's own, in place of its choice.
        versions_file: the catalogue of versions.

    Raises:
        ProjectNotFoundError: there is no devenv.yaml.
        SpecError: with every problem of every file.
        UsageError: there is no such profile.
    """
    file = find_project(start)
    problems: list[Problem] = []
    parts = _read(file, _Places(data_root.absolute(), sources, versions_file), profile, problems)
    if parts.whole:
        _check(parts, problems)
    project, versions = parts.project, parts.versions
    if problems or project is None or versions is None:
        raise SpecError(ordered([*problems, *_further_problems(parts)]))
    return _workspace(parts, project, versions)


def _read(file: Path, places: _Places, profile: str | None, problems: list[Problem]) -> _Parts:
    data_root, versions_file = places.data_root, places.versions_file
    boundary = Boundary(file.parent, "the project's folder")
    project, document, unread = _read_project(file, profile, problems)
    versions = _read_versions(versions_file, Boundary(data_root, "devenv's own data"), problems)
    shipped = versions.image_names if versions else ()
    imports = read_imports(project, document, boundary, problems, shipped) if project and document else WithImports()
    project, document, imported = imports.project, imports.document, imports.imported
    folders, lock, whole = builtin_stacks(data_root), read_lock(file.parent, problems), True
    if project and document:
        own, of_own = project_stacks(document, project.stack_paths, boundary)
        others, of_others = source_stacks(project.stack_sources, document, lock.sources, places.sources)
        folders, whole = [*folders, *own, *others], not of_others
        problems.extend([*of_own, *of_others])
    prefix = project.prefix if project else PLACEHOLDER
    profiles = project.profiles if project else {}
    drafts, twice = overridden([*(read_stack(folder, prefix, profiles) for folder in folders), *imported.stacks])
    problems.extend([*(problem for draft in drafts.values() for problem in draft.problems), *twice])
    if project and document:
        origin = Origin(document, boundary)
        problems.extend(
            _add_stacks(project, origin, drafts, versions, builtin=data_root / "stacks", imported=imports.files)
        )
    seed_files = _seed_files(data_root, project, document, boundary, problems)
    seeds, seed_problems = load_seeds(seed_files, prefix, [*_stack_secrets(drafts.values()), *imported.secrets])
    problems.extend(seed_problems)
    images = collect_images(project.images if project else {}, versions, drafts.values(), boundary.root)
    problems.extend(images.problems)
    read = [versions_file, *(seed_file.path for seed_file in seed_files), *imported.inputs]
    inputs = (
        file,
        *_further_files(file, project),
        *read,
        *(path for draft in drafts.values() for path in draft.inputs),
    )
    charts, notes, names = data_root / "stacks" / "charts", imported.notes, imports.files
    return _Parts(
        project, document, boundary, drafts, versions, lock, seeds, inputs, images, charts, unread, notes, names, whole
    )


def _further_files(project_file: Path, project: ProjectSpec | None) -> list[Path]:
    """The lock, where there is one, and what the project names in a word."""
    named = project.compatibility if project else ()
    return [file for file in (project_file.parent / name for name in (LOCK_FILE, *named)) if file.exists()]


def _add_stacks(
    project: ProjectSpec,
    origin: Origin,
    drafts: dict[str, StackDraft],
    versions: Versions | None,
    *,
    builtin: Path,
    imported: Collection[str],
) -> Iterator[Problem]:
    """Add the stacks that databases and services come to, apart from those whose names others have.

    A service of an import may be called like a built-in stack that nobody uses, and then takes its place.
    """
    catalogue = versions.image_names if versions else frozenset()
    images = ImageNames({*project.images, *catalogue}, catalogue)
    specs = [draft.spec for draft in drafts.values() if draft.spec]
    values = {name: draft.profile_values for name, draft in drafts.items() if draft.folder.builtin}
    used = _used(project, drafts, imported)
    for name in [name for name in imported if name in drafts and name not in used and _is_replaceable(drafts[name])]:
        del drafts[name]
    engines = EngineStacks(builtin / "databases", values, used_node_ports(specs))
    made = translate_databases(project, origin, versions, engines, images)
    yield from name_problems(made, drafts, origin.document)
    drafts.update({draft.name: draft for draft in made if draft.name not in drafts})
    stacks = {name: draft.spec for name, draft in drafts.items() if draft.spec}
    made = translate_services(project, origin, stacks, images)
    yield from name_problems(made, drafts, origin.document)
    drafts.update({draft.name: draft for draft in made if draft.name not in drafts})


def _used(project: ProjectSpec, drafts: dict[str, StackDraft], imported: Collection[str]) -> set[str]:
    """The stacks that the project uses without its imports."""
    own = [service for name, service in project.services.items() if name not in imported]
    chosen = {choice.name for choice in project.stacks} | {need for service in own for need in service.needs}
    values = [value for service in own for _, each in service.containers for value in each.env.values()]
    chosen |= {value.database for value in values if isinstance(value, Reference) and value.database}
    company = {name: (*draft.spec.needs, *draft.spec.wants) for name, draft in drafts.items() if draft.spec}
    there = {name: tuple(other for other in others if other in company) for name, others in company.items()}
    return chosen | needed_by(there, chosen & set(there))


def _is_replaceable(draft: StackDraft) -> bool:
    """Whether a stack is one that no service stands on: a database, or something that observes."""
    return (
        draft.folder.builtin and draft.spec is not None and bool(draft.spec.database or draft.folder.layer[:2] == "03")
    )


def _stack_secrets(drafts: Iterable[StackDraft]) -> Iterator[StackSecret]:
    for draft in drafts:
        for index, secret in enumerate(draft.spec.secrets if draft.spec else ()):
            if draft.document:
                yield StackSecret(secret, draft.document, ("secrets", index))


def _read_project(
    file: Path, profile: str | None, problems: list[Problem]
) -> tuple[ProjectSpec | None, Document | None, frozenset[str]]:
    read = read_yaml(file, empty_hint=_EMPTY_PROJECT)
    problems.extend(read.problems)
    if read.document is None:
        return None, None, frozenset()
    problems.extend(references.emptiness_problems(read.document))
    checked = check(read.document, ProjectSpec, {"project": PLACEHOLDER})
    problems.extend(checked.problems)
    project = checked.model
    if project and profile:
        project = project.model_copy(update={"profile": _known_profile(profile, project.known_profiles)})
    return project, checked.document, _names(read.document) - (_names(checked.document) if project else frozenset())


def _known_profile(name: str, known: Collection[str]) -> str:
    if name not in known:
        own = f"; or in devenv.yaml: profiles: {{{name}: {PROFILES[0]}}}"
        raise UsageError(f"there is no profile {name}", hint=f"one of {', '.join(known)}{own}")
    return name


def _names(document: Document) -> frozenset[str]:
    """Of the services and databases that are written."""
    parts = [document.find((key,)) for key in ("services", "databases")]
    return frozenset(name for part in parts if part and isinstance(part.value, Mapping) for name in part.value)


def _read_versions(file: Path, boundary: Boundary, problems: list[Problem]) -> Versions | None:
    read = read_yaml(file)
    problems.extend(read.problems)
    if read.document is None:
        return None
    checked = check(read.document, Versions)
    problems.extend(checked.problems)
    if checked.model:
        problems.extend(references.catalogue_problems(checked.model, checked.document))
        problems.extend(files.catalogue_file_problems(checked.model, checked.document, boundary))
    # Names that a wrong catalogue seems to lack may well be in it: others are not blamed for them.
    return None if checked.problems else checked.model


def _seed_files(
    data_root: Path,
    project: ProjectSpec | None,
    document: Document | None,
    boundary: Boundary,
    problems: list[Problem],
) -> list[SeedFile]:
    seed_files: list[SeedFile] = []
    builtin = data_root / "localstack-init" / "seeds.yaml"
    if builtin.is_file():
        seed_files.append(SeedFile(builtin, Boundary(data_root, "devenv's own data")))
    if project is None or document is None:
        return seed_files
    for index, text in enumerate(project.seeds):
        found = boundary.look(document.file.parent, text, "file")
        if isinstance(found, PathProblem):
            problems.append(document.problem(("seeds", index), found.message, found.hint))
        else:
            seed_files.append(SeedFile(found, boundary))
    return seed_files


def _check(parts: _Parts, problems: list[Problem]) -> None:
    project, drafts = parts.project, parts.drafts
    profiles = project.profile_and_base(project.profile) if project else PROFILES[:1]
    chosen = {choice.name: choice.values for choice in project.stacks} if project else {}
    if project and parts.document:
        problems.extend(references.project_problems(project, parts.document, drafts, parts.versions))
        problems.extend(profile_problems(project, parts.document))
        problems.extend(files.project_file_problems(project, parts.document, parts.boundary))
        origin = Origin(parts.document, parts.boundary)
        problems.extend(service_problems(project, origin, drafts, parts.seeds, parts.unread))
        problems.extend(database_problems(project, origin, parts.versions))
        problems.extend(task_problems(project.tasks, parts.document, parts.boundary, {*drafts, *parts.unread}))
    for draft in drafts.values():
        problems.extend(references.stack_problems(draft, drafts, parts.versions, parts.images.names, parts.unread))
        problems.extend(files.stack_file_problems(draft, profiles, parts.charts))
        problems.extend(value_place_problems(draft, chosen.get(draft.name, {})))
        problems.extend(set_value_problems(draft))
    problems.extend(references.cycle_problems(drafts))
    selected = _selected(project, drafts, parts.imported) if project else set()
    relevant = [draft for name, draft in drafts.items() if name in selected or not draft.folder.builtin]
    problems.extend(references.clash_problems(relevant))
    if project and parts.document:
        rules = read_compatibility(project, parts.document, parts.boundary, problems)
        problems.extend(compatibility_problems(rules, selected, drafts, parts.versions))


def _further_problems(parts: _Parts) -> Iterator[Problem]:
    """What would be reported only once all else is right: of what the stacks' files hold."""
    stacks = []
    chosen = {choice.name: choice.values for choice in parts.project.stacks} if parts.project else {}
    for name in sorted(_selected(parts.project, parts.drafts, parts.imported)) if parts.project else ():
        draft = parts.drafts[name]
        if draft.spec:
            values = {"values": merged(draft.spec.values, chosen.get(name, {}))}
            spec = _with_folders_that_are_there(draft.spec, draft).model_copy(update=values)
            stacks.append(
                LoadedStack(spec, draft.folder.root, draft.folder.builtin, draft.profile_values, draft.file_values)
            )
    yield from content_problems(stacks)


def _with_folders_that_are_there(spec: StackSpec, draft: StackDraft) -> StackSpec:
    """Without folders that a problem has been reported of: there may be nothing, or what is not to be looked at."""

    def is_there(text: str | None, kind: Kind = "folder") -> bool:
        look = draft.folder.boundary.look
        return text is not None and not isinstance(look(draft.folder.root, text, kind), PathProblem)

    database = spec.database
    if database:
        gone = {key: None for key in ("migrations", "seeds") if not is_there(getattr(database, key))}
        database = database.model_copy(update=gone)
    carried = tuple(place for place in spec.config_maps if is_there(place.folder))
    files = {value: path for value, path in spec.files.items() if is_there(path, "file")}
    return spec.model_copy(update={"database": database, "config_maps": carried, "files": files})


def _in_variants(project: ProjectSpec, drafts: dict[str, StackDraft]) -> dict[str, StackSpec]:
    """The stacks whose files could be read, as the project's values have them."""
    given = {choice.name: choice.values for choice in project.stacks}
    return {name: in_variant(draft.spec, given.get(name, {})) for name, draft in drafts.items() if draft.spec}


def _selected(project: ProjectSpec, drafts: dict[str, StackDraft], imported: Iterable[str] = ()) -> set[str]:
    """The stacks that the project names, with all that comes with each, whether that waits for it or not."""
    named = {*(choice.name for choice in project.stacks), *project.services, *project.databases, *imported}
    chosen = {name for name in named if name in drafts}
    company = {
        name: tuple(other for other in (*spec.needs, *spec.wants) if other in drafts)
        for name, spec in _in_variants(project, drafts).items()
    }
    return chosen | needed_by(company, chosen)


def _workspace(parts: _Parts, project: ProjectSpec, versions: Versions) -> Workspace:
    drafts = parts.drafts
    selected = _selected(project, drafts, parts.imported)
    given = {choice.name: choice.values for choice in project.stacks}
    needs = {name: spec.needs for name, spec in _in_variants(project, drafts).items()}
    ordered = order(needs, key=lambda name: (drafts[name].folder.layer, name))
    stacks = {
        name: LoadedStack(
            in_company(draft.spec, selected, given.get(name, {})),
            draft.folder.root,
            draft.folder.builtin,
            draft.profile_values,
            draft.file_values,
            draft.spec,
            draft.folder.source,
        )
        for name, draft in drafts.items()
        if draft.spec
    }
    return Workspace(
        project=project.model_copy(update={"images": parts.images.built}),
        root=parts.boundary.root,
        stacks=MappingProxyType(stacks),
        selected=tuple(name for name in ordered if name in selected),
        versions=locked(versions.model_copy(update={"images": parts.images.pulled}), parts.lock),
        charts=parts.charts,
        lock=parts.lock,
        seeds=parts.seeds,
        inputs=parts.inputs,
        notes=parts.notes,
        imported=MappingProxyType(dict(parts.imported)),
    )
