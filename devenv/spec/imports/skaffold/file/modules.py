"""Follows `requires` from one file to all configurations that are deployed, in the order in which Skaffold does.

Responsible for the order, for which profiles each gets, and for circles. Source: `pkg/skaffold/parser/config.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.imports.skaffold.file.config import Config, Requirement
from devenv.spec.imports.skaffold.file.documents import ReadConfig, read_configs
from devenv.spec.imports.skaffold.file.profiles import Surroundings, active, applied
from devenv.spec.imports.skaffold.texts import with_texts
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.read.validation import check
from devenv.spec.read.wording import name_hint
from devenv.spec.yaml.positions import Document, KeyPath

FILE = "skaffold.yaml"


@dataclass(frozen=True, slots=True)
class Module:
    """One configuration with its profiles applied: Skaffold's word for what `requires` names."""

    document: Document
    """As it is with its profiles, each value with its line."""
    config: Config
    name: str
    profiles: tuple[str, ...]
    """Those that are active."""
    folder: Path
    """The folder that its paths are relative to."""


@dataclass(slots=True)
class _Visit:
    """What is known while `requires` is followed."""

    top: Path
    """The file where it begins."""
    named: tuple[str, ...]
    around: Surroundings
    boundary: Boundary
    problems: list[Problem]
    files: dict[Path, list[ReadConfig]] = field(default_factory=dict)
    done: dict[tuple[Path, int], tuple[str, ...]] = field(default_factory=dict)
    """Configuration to the profiles that it was taken with."""
    open: list[tuple[Path, int, str]] = field(default_factory=list)
    found: list[Module] = field(default_factory=list)
    known_profiles: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Modules:
    """All configurations of an import, each after those that it requires."""

    modules: tuple[Module, ...]
    files: tuple[Path, ...]
    known_profiles: frozenset[str]
    """The names of all profiles that any of them has."""


def read_modules(
    file: Path, named: Sequence[str], around: Surroundings, boundary: Boundary, problems: list[Problem]
) -> Modules:
    """Read a file and all that it requires.

    Args:
        file: where it begins.
        named: profiles that every configuration gets that has them.
        around: what activations are compared with.
        boundary: the project's folder.
        problems: takes what is wrong with any of them.
    """
    visit = _Visit(file, tuple(named), around, boundary, problems)
    _take(visit, file, (), ())
    return Modules(tuple(visit.found), tuple(visit.files), frozenset(visit.known_profiles))


def _configs(visit: _Visit, file: Path) -> list[ReadConfig]:
    if file not in visit.files:
        visit.files[file] = read_configs(file, visit.problems)
    return visit.files[file]


def _take(visit: _Visit, file: Path, selection: Sequence[str], profiles: Sequence[str]) -> None:
    """Take the configurations of a file; those that are selected, where any are."""
    for one in _configs(visit, file):
        if not selection or one.name in selection:
            _take_one(visit, one, [*profiles, *(name for name in visit.named if name not in profiles)])


def _take_one(visit: _Visit, one: ReadConfig, named: Sequence[str]) -> None:
    visit.known_profiles.update(profile.name for profile in one.config.profiles)
    names = active(one.config, named, visit.around)
    key = (one.document.file, one.index)
    if key in visit.done:
        if sorted(visit.done[key]) != sorted(names):
            message = f"required with profiles {_listed(visit.done[key])}, and elsewhere with {_listed(names)}"
            visit.problems.append(
                one.document.problem(("metadata", "name"), message, "let activeProfiles say the same")
            )
        return
    visit.done[key] = names
    document, wrong = applied(one.document, one.config, names)
    visit.problems.extend(wrong)
    checked = check(with_texts(document, Config), Config)
    visit.problems.extend(checked.problems)
    config = checked.model or one.config
    name = one.name or one.document.file.parent.name
    visit.open.append((*key, name))
    for index, requirement in enumerate(config.requires):
        if not requirement.is_remote:
            _follow(visit, one.document, ("requires", index), requirement, names)
    visit.open.pop()
    folder = _folder(visit, checked.document, config)
    visit.found.append(Module(checked.document, config, name, names, folder))


def _folder(visit: _Visit, document: Document, config: Config) -> Path:
    """The file's folder; of the first file that of devenv.yaml, where more of its paths lead somewhere from there.

    Skaffold takes the paths of required configurations from their files, and those of the first from where it is run.
    """
    own, project = document.file.parent, visit.boundary.root
    if document.file != visit.top or own == project:
        return own

    def there(folder: Path) -> int:
        looked = (visit.boundary.look(folder, path, "file or folder") for path in _paths(config))
        return sum(not isinstance(found, PathProblem) for found in looked)

    return project if there(project) > there(own) else own


def _paths(config: Config) -> Iterator[str]:
    """Paths that a configuration names, apart from those of `requires`, which are relative to the file in any case."""
    yield from (artifact.context for artifact in config.build.artifacts)
    for helm in (config.deploy.helm, config.manifests.helm):
        for release in helm.releases if helm else ():
            yield from release.values_files
            yield from [release.chart_path] if release.chart_path else []
    yield from config.manifests.raw_yaml
    for kustomize in (config.manifests.kustomize, config.deploy.kustomize):
        yield from kustomize.paths if kustomize else ()


def _follow(
    visit: _Visit, document: Document, at: KeyPath, requirement: Requirement, active_here: Sequence[str]
) -> None:
    file = _file(visit, document, at, requirement)
    if file is None:
        return
    there = _configs(visit, file)
    visit.problems.extend(_selection_problems(document, at, requirement, there))
    chosen = [one for one in there if not requirement.configs or one.name in requirement.configs]
    for one in chosen:
        if ring := _circle(visit, one):
            shown = " -> ".join(ring)
            visit.problems.append(
                document.problem(at, f"configurations require each other: {shown}", "remove one of these requires")
            )
            return
    profiles = [
        each.name
        for each in requirement.active_profiles
        if not each.activated_by or set(each.activated_by) & set(active_here)
    ]
    known = {profile.name for one in chosen for profile in one.config.profiles}
    for index, each in enumerate(requirement.active_profiles):
        if chosen and each.name not in known:
            hint = name_hint(each.name, known, "profiles there")
            visit.problems.append(
                document.problem((*at, "activeProfiles", index, "name"), f"there is no profile {each.name}", hint)
            )
    _take(visit, file, requirement.configs, profiles)


def _file(visit: _Visit, document: Document, at: KeyPath, requirement: Requirement) -> Path | None:
    if not requirement.path:
        return document.file
    found = visit.boundary.look(document.file.parent, requirement.path, "file or folder")
    if not isinstance(found, PathProblem) and found.is_dir():
        found = visit.boundary.look(found, FILE, "file")
    if isinstance(found, PathProblem):
        visit.problems.append(document.problem((*at, "path"), found.message, found.hint))
        return None
    return found


def _selection_problems(
    document: Document, at: KeyPath, requirement: Requirement, there: Sequence[ReadConfig]
) -> Iterator[Problem]:
    known = [one.name for one in there if one.name]
    for index, name in enumerate(requirement.configs):
        if there and name not in known:
            hint = name_hint(name, known, "configurations there")
            yield document.problem((*at, "configs", index), f"there is no configuration {name}", hint)


def _circle(visit: _Visit, one: ReadConfig) -> list[str]:
    """The names of a ring of configurations that taking this one would close."""
    keys = [(file, index) for file, index, _ in visit.open]
    key = (one.document.file, one.index)
    if key not in keys:
        return []
    ring = [name for _, _, name in visit.open[keys.index(key) :]]
    return [*ring, ring[0]]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
