"""A Skaffold repository as images and stacks, read anew at each run.

Responsible for what becomes what: each configuration a layer, each release a stack, all artifacts images. Everything
that is not carried over is told with its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.imports.compose.file.env_files import read_variables
from devenv.spec.imports.import_spec import Import
from devenv.spec.imports.imported import Imported
from devenv.spec.imports.note import Note
from devenv.spec.imports.skaffold.artifacts import Artifacts, artifacts_of, image_names
from devenv.spec.imports.skaffold.file.config import Config
from devenv.spec.imports.skaffold.file.deploy_config import HelmDeploy, HelmRelease
from devenv.spec.imports.skaffold.file.ignored import remarks, split
from devenv.spec.imports.skaffold.file.modules import FILE, Module, Modules, read_modules
from devenv.spec.imports.skaffold.file.profiles import Surroundings
from devenv.spec.imports.skaffold.hooks import stack_hooks, with_own_names
from devenv.spec.imports.skaffold.naming import layers, slug
from devenv.spec.imports.skaffold.plain_manifests import Sources, manifests_stack, sources_of
from devenv.spec.imports.skaffold.releases import Place, Release, deadline_of, flag_notes, release_name, waits
from devenv.spec.imports.skaffold.variables import Templates
from devenv.spec.project import ProjectSpec
from devenv.spec.read.drafts import StackDraft
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.read.wording import name_hint
from devenv.spec.yaml.positions import Document, KeyPath
from devenv.spec.yaml.text import NotTextError, read_text

ENV_FILE = "skaffold.env"
"""https://skaffold.dev/docs/environment/env-file/."""
_ONCE = ("tagPolicy", "push", "useBuildkit")
"""Keys that every configuration of a repository has alike: told where the first of them is."""


def read_skaffold(
    one: Import,
    document: Document,
    at: KeyPath,
    project: ProjectSpec,
    *,
    boundary: Boundary,
    environ: Mapping[str, str],
    catalogue: Collection[str] = (),
) -> Imported:
    """What a Skaffold repository comes to.

    Args:
        one: the import.
        document: devenv.yaml's.
        at: where the import is written there.
        project: whose import; its profile is one of those that count.
        boundary: the project's folder.
        environ: what templates and activations find.
        catalogue: names of images that devenv ships.
    """
    problems: list[Problem] = []
    file = _file(one, document, at, boundary)
    if isinstance(file, Problem):
        return Imported(problems=(file,))
    environ, env_files = _with_env_file(environ, file, boundary, problems)
    around = Surroundings(environ, f"kind-devenv-{project.project}")
    named = (*one.profiles, *((project.profile,) if project.profile not in one.profiles else ()))
    found = read_modules(file, named, around, boundary, problems)
    problems.extend(_profile_problems(one, document, at, found))
    notes = list(_remarked(found.modules, problems))
    written = list(artifacts_of(found.modules))
    templates = Templates(environ, image_names(written, catalogue, problems), problems, notes)
    own = document.find(("images",))
    names = own.value if own and isinstance(own.value, Mapping) else {}
    top = found.modules[-1].folder if found.modules else boundary.root  # what requires all others is the last
    artifacts = Artifacts(boundary.root, top, dict(templates.artifacts), names, templates)
    sections = {"images": artifacts.entries(written), "tasks": artifacts.tasks(written)}
    stacks = _Stacks(found.modules, templates, boundary, project.prefix, one.without).drafts()
    return Imported(sections, tuple(stacks), (), tuple(problems), tuple(notes), (*found.files, *env_files))


def _file(one: Import, document: Document, at: KeyPath, boundary: Boundary) -> Path | Problem:
    found = boundary.look(document.file.parent, one.skaffold or "", "file or folder")
    if not isinstance(found, PathProblem) and found.is_dir():
        found = boundary.look(found, FILE, "file")
    return document.problem((*at, "skaffold"), found.message, found.hint) if isinstance(found, PathProblem) else found


def _with_env_file(
    environ: Mapping[str, str], file: Path, boundary: Boundary, problems: list[Problem]
) -> tuple[Mapping[str, str], list[Path]]:
    """The environment, with what `skaffold.env` adds to it: beside the configuration, or in the project's folder."""
    for folder in (file.parent, boundary.root):
        found = boundary.look(folder, ENV_FILE, "file")
        if isinstance(found, PathProblem):
            continue
        try:
            read = read_variables(read_text(found), environ.get)
        except NotTextError as error:
            problems.append(Problem(found, error.line, "", error.message, error.hint))
            return environ, [found]
        problems.extend(Problem(found, wrong.line, "", wrong.message) for wrong in read.wrong)
        return {**{key: value for key, value in read.values.items() if value is not None}, **environ}, [found]
    return environ, []


def _profile_problems(one: Import, document: Document, at: KeyPath, found: Modules) -> Iterable[Problem]:
    for index, name in enumerate(one.profiles):
        if found.modules and name.removeprefix("-") not in found.known_profiles:
            hint = name_hint(name, found.known_profiles, "profiles")
            yield document.problem((*at, "profiles", index), f"no configuration has a profile {name}", hint)


def _remarked(modules: Sequence[Module], problems: list[Problem]) -> Iterable[Note]:
    """What the models have to say of what is active; what all configurations have alike is told once."""
    told: set[tuple[str, str]] = set()
    for module in modules:
        found = (each for each in remarks(module.document, Config) if each[0][0] != "profiles")
        notes, refused = split(module.document, found)
        problems.extend(refused)
        for note in notes:
            key = note.key.rpartition(".")[2]
            if key not in _ONCE or (key, note.instead) not in told:
                yield note
            told.add((key, note.instead))


@dataclass(frozen=True, slots=True)
class _Pending:
    """A stack of a configuration before it is made."""

    name: str
    at: KeyPath
    release: HelmRelease | None
    sources: Sources
    waits: bool
    helm: HelmDeploy | None
    depends_on: tuple[str, ...] = ()


class _Stacks:
    """The stacks of all configurations, each configuration's after those of the one before it."""

    def __init__(
        self,
        modules: Sequence[Module],
        templates: Templates,
        boundary: Boundary,
        prefix: str,
        without: Sequence[str],
    ) -> None:
        self._modules, self._templates, self._boundary = modules, templates, boundary
        self._prefix, self._without = prefix, without
        self._top = modules[-1].folder if modules else boundary.root  # what requires all others is the last
        self._places: dict[str, tuple[Module, KeyPath]] = {}
        """Name of each stack to where it is written."""

    def drafts(self) -> list[StackDraft]:
        pending = [(module, self._pending(module)) for module in self._modules]
        used = [(module, stacks) for module, stacks in pending if stacks]
        made: list[StackDraft] = []
        before: tuple[str, ...] = ()
        for (module, stacks), layer in zip(used, layers([module.name for module, _ in used]), strict=True):
            drafts = self._of_module(module, stacks, layer, before)
            made += drafts
            before = tuple(draft.name for draft in drafts) or before
        self._tell_forwards()
        return made

    def _pending(self, module: Module) -> list[_Pending]:
        found: list[_Pending] = []
        manifests, deploy = module.config.manifests, module.config.deploy
        for helm, at in ((deploy.helm, ("deploy", "helm")), (manifests.helm, ("manifests", "helm"))):
            if helm is None:
                continue
            self._templates.notes.extend(flag_notes(module, helm, at))
            for index, release in enumerate(helm.releases):
                place: KeyPath = (*at, "releases", index)
                name = release_name(release, module, place, self._templates)
                if self._is_new(name, module, place):
                    depends = tuple(slug(other) for other in release.depends_on)
                    found.append(
                        _Pending(name, place, release, [], waits(release, helm, module, self._boundary), helm, depends)
                    )
        sources = sources_of(module, self._templates)
        if sources:
            name = re.sub(r"^[0-9]+-", "", slug(module.name)) or "manifests"
            name = f"{name}-manifests" if name in self._places else name
            if self._is_new(name, module, sources[0][1]):
                found.append(_Pending(name, sources[0][1], None, sources, waits=False, helm=None))
        return found

    def _is_new(self, name: str, module: Module, at: KeyPath) -> bool:
        """Whether no other stack is called so, and nobody has left it out."""
        if name in self._without:
            return False
        there = self._places.setdefault(name, (module, at))
        if there == (module, at):
            return True
        file, line = there[0].document.file, there[0].document.line(there[1])
        where = f"{file.relative_to(self._boundary.root)}:{line}"
        message = f"a release {name} is there already, in {where}"
        hint = f"give one of them another name, or leave both out: without: [{name}]"
        self._templates.problems.append(module.document.problem((*at, "name"), message, hint))
        return False

    def _of_module(
        self, module: Module, stacks: Sequence[_Pending], layer: str, before: tuple[str, ...]
    ) -> list[StackDraft]:
        deadline = deadline_of(module, module.config.deploy.helm)
        hooks = self._hooks(module)
        explicit = any(one.depends_on for one in stacks)
        awaited: list[str] = []
        made: list[StackDraft] = []
        for number, one in enumerate(stacks):
            is_last = number == len(stacks) - 1
            own: dict[str, list[dict[str, object]]] = {}
            needs = (*before, *(one.depends_on if explicit and one.release else awaited))
            if hooks["before"]:
                # Nothing of a configuration begins before its hooks have run.
                own |= {"before": hooks["before"]} if number == 0 else {}
                needs = needs if number == 0 else (*needs, stacks[0].name)
            if hooks["after"] and is_last:
                own["after"] = hooks["after"]
                needs = (*needs, *(other.name for other in stacks[:-1]))
            place = Place(module, one.at, layer, tuple(dict.fromkeys(needs)), self._boundary, own)
            if one.release:
                draft = Release(one.release, place, self._templates).draft(one.name, self._prefix, deadline)
            else:
                draft = manifests_stack(
                    one.name, one.sources, place, self._templates, prefix=self._prefix, deadline=deadline
                )
            if draft:
                made.append(draft)
                awaited += [one.name] if one.waits else []
        return made

    def _hooks(self, module: Module) -> dict[str, list[dict[str, object]]]:
        """The hooks of all deployers of a configuration."""
        deploy = module.config.deploy
        lists = [(key, one.hooks) for key in ("helm", "kubectl", "kustomize") if (one := getattr(deploy, key))]
        document, notes = module.document, self._templates.notes
        return {
            when: with_own_names(
                hook
                for key, hooks in lists
                for hook in stack_hooks(
                    getattr(hooks, when),
                    document,
                    ("deploy", key, "hooks", when),
                    notes,
                    folder=module.folder,
                    top=self._top,
                )
            )
            for when in ("before", "after")
        }

    def _tell_forwards(self) -> None:
        """Ports that Skaffold forwards while it runs: devenv does so when it is asked to."""
        for module in self._modules:
            for index, forward in enumerate(module.config.port_forward):
                name = forward.resource_name or "NAME"
                stack = name if name in self._places else "NAME"
                ports = f"{forward.local_port}:{forward.port}" if forward.local_port else f"{forward.port or ''}"
                self._templates.notes.append(
                    Note.at(
                        module.document,
                        ("portForward", index),
                        f"the port of {name} is not forwarded by itself",
                        f"devenv forward {stack} {ports}".strip(),
                    )
                )
