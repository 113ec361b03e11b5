"""Checks that every file and folder which a specification names is there and stays where it belongs.

Responsible for paths only; one function per kind of specification, each returning its problems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.checks.sync_rules import SUPERVISOR, sync_problems
from devenv.spec.local_image import LocalImage
from devenv.spec.project import CONTROL_PLANE, ProjectSpec
from devenv.spec.read.drafts import PLACEHOLDER, StackDraft
from devenv.spec.read.places import Boundary, Kind, PathProblem, files_in, overlay_path, subfolders
from devenv.spec.read.wording import name_hint
from devenv.spec.stack import KUSTOMIZATION_FILES, ReadyCheck, Source, StackSpec
from devenv.spec.versions import Versions
from devenv.spec.yaml.positions import Document, KeyPath
from devenv.spec.yaml.reader import read_yaml


def stack_file_problems(draft: StackDraft, profiles: Sequence[str], charts: Path) -> Iterator[Problem]:
    """Charts, manifests, kustomizations, readiness manifests, build contexts and migrations of a stack.

    Args:
        draft: the stack.
        profiles: the project's, and the one that it stands on.
        charts: the folder with those that devenv ships.
    """
    spec, document = draft.spec, draft.document
    if spec is None or document is None:
        return
    root, boundary = draft.folder.root, draft.folder.boundary
    for index, source in enumerate(spec.sources):
        yield from _source_problems(draft, document, index, source, profiles)
        if source.chart and source.chart.builtin and not (charts / source.chart.builtin).is_dir():
            name, known = source.chart.builtin, [folder.name for folder in subfolders(charts)]
            path: KeyPath = ("sources", index, "chart", "builtin")
            yield document.problem(path, f"devenv ships no chart {name}", name_hint(name, known, "charts"))
    for at, image in spec.injections:
        if image.build:
            supervised = SUPERVISOR in spec.images
            yield from _build_problems((*at, "build"), image.build, document, root, boundary, supervised=supervised)
    for path, text, kind in _further_paths(spec):
        found = boundary.look(root, text, kind)
        if isinstance(found, PathProblem):
            yield document.problem(path, found.message, found.hint)


def project_file_problems(project: ProjectSpec, document: Document, boundary: Boundary) -> Iterator[Problem]:
    """Build contexts, Dockerfiles and the kind configuration of a project."""
    root = document.file.parent
    for name, image in project.images.items():
        yield from _build_problems(("images", name), image, document, root, boundary, supervised=False)
    if project.cluster.config is not None:
        config = boundary.look(root, project.cluster.config, "file")
        if isinstance(config, PathProblem):
            yield document.problem(("cluster", "config"), config.message, config.hint)
        else:
            yield from _kind_config_problems(config)


def _build_problems(
    at: KeyPath, image: LocalImage, document: Document, root: Path, boundary: Boundary, *, supervised: bool
) -> Iterator[Problem]:
    context = boundary.look(root, image.context, "folder")
    if isinstance(context, PathProblem):
        yield document.problem((*at, "context"), context.message, context.hint)
        return
    dockerfile = boundary.look(context, image.dockerfile, "file") if image.command is None else context
    for index, text in enumerate(image.deps):
        found = Boundary(context, "the build's context").look(context, text, "file or folder")
        if isinstance(found, PathProblem):
            yield document.problem((*at, "deps", index), found.message, found.hint)
    if isinstance(dockerfile, PathProblem):
        yield document.problem((*at, "dockerfile"), dockerfile.message, dockerfile.hint)
    yield from sync_problems((*at, "sync"), image.sync, document, context, supervised=supervised)


def catalogue_file_problems(versions: Versions, document: Document, boundary: Boundary) -> Iterator[Problem]:
    """Recipes and build contexts of the catalogue of versions."""
    folders: list[tuple[KeyPath, str | None]] = []
    recipes = [("tools", name, tool.recipe) for name, tool in versions.tools.items()]
    recipes += [("images", name, image.recipe) for name, image in versions.images.items() if image.recipe]
    for section, name, recipe in recipes:
        path: KeyPath = (section, name, "recipe")
        found = boundary.look(boundary.root, recipe, "folder")
        if not isinstance(found, PathProblem):
            found = boundary.look(found, "Dockerfile", "file")
        if isinstance(found, PathProblem):
            yield document.problem(path, found.message, found.hint)
    folders = [(("images", name, "context"), image.context) for name, image in versions.images.items()]
    for path, text in folders:
        context = boundary.look(boundary.root, text, "folder") if text is not None else None
        if isinstance(context, PathProblem):
            yield document.problem(path, context.message, context.hint)


def _source_problems(
    draft: StackDraft, document: Document, index: int, source: Source, profiles: Sequence[str]
) -> Iterator[Problem]:
    at: KeyPath = ("sources", index)
    if source.chart and source.chart.path is not None and source.chart.module is None:
        path = (*at, "chart", "path")
        chart = _look(draft, source.chart.path, "folder")
        yield from _content_problems(draft, document, path, chart, ("Chart.yaml",))
    elif source.manifests and source.manifests.module is None and source.manifests.path != PLACEHOLDER:
        path = (*at, "manifests", "path")
        manifests = _look(draft, source.manifests.path, "file or folder")
        if isinstance(manifests, Path) and manifests.is_dir() and not files_in(manifests, ".yaml", ".yml"):
            yield document.problem(path, f"{source.manifests.path} holds no *.yaml file")
        yield from _content_problems(draft, document, path, manifests, ())
    elif source.kustomize:
        path = (*at, "kustomize", "path")
        overlay = _look(draft, overlay_path(draft.folder.root, source.kustomize.path, profiles), "folder")
        yield from _content_problems(draft, document, path, overlay, KUSTOMIZATION_FILES)


def _look(draft: StackDraft, text: str, kind: Kind) -> Path | PathProblem:
    return draft.folder.boundary.look(draft.folder.root, text, kind)


def _content_problems(
    draft: StackDraft, document: Document, path: KeyPath, found: Path | PathProblem, one_of: tuple[str, ...]
) -> Iterator[Problem]:
    """What is wrong with a path or below it: a file that it must hold is missing, a link leads out."""
    if isinstance(found, PathProblem):
        yield document.problem(path, found.message, found.hint)
        return
    if one_of and not any((found / name).is_file() for name in one_of):
        yield document.problem(path, f"the folder {found.name} holds no {one_of[0]}")
    for link in draft.folder.boundary.escapes(found):
        where = link.relative_to(found)
        message = f"the link {found.name}/{where} leads out of {draft.folder.boundary.name} or to nothing"
        yield document.problem(path, message, "replace the link by what it points to")


def _further_paths(spec: StackSpec) -> Iterator[tuple[KeyPath, str, Kind]]:
    own: tuple[KeyPath, tuple[ReadyCheck, ...]] = ((), spec.ready)
    for at, checks in (own, *((at, variant.ready) for at, variant in spec.every_variant)):
        for index, check in enumerate(checks):
            if check.dry_run:
                yield (*at, "ready", index, "dry_run", "path"), check.dry_run.path, "file"
    for value, file in spec.files.items():
        yield ("files", value), file, "file"
    lists = (("before", spec.hooks.before), ("after", spec.hooks.after))
    named = [(when, index, hook.dir) for when, hooks in lists for index, hook in enumerate(hooks) if hook.dir]
    yield from ((("hooks", when, index, "dir"), folder, "folder") for when, index, folder in named)
    for index, carried in enumerate(spec.config_maps):
        yield ("config_maps", index, "folder"), carried.folder, "folder"
    if spec.database and spec.database.migrations is not None:
        yield ("database", "migrations"), spec.database.migrations, "folder"
    if spec.database and spec.database.seeds is not None:
        yield ("database", "seeds"), spec.database.seeds, "folder"


def _kind_config_problems(file: Path) -> Iterator[Problem]:
    read = read_yaml(file)
    yield from read.problems
    if read.document is None:
        return
    for key, wanted in (("kind", "Cluster"), ("apiVersion", "kind.x-k8s.io/v1alpha4")):
        node = read.document.find((key,))
        if node is None:
            yield read.document.problem((key,), f"{key} is missing", f"add a line: {key}: {wanted}")
        elif node.value != wanted:
            yield read.document.problem((key,), f"{wanted} is expected", "this file is a configuration of kind")
    yield from _shape_problems(read.document)


def _shape_problems(document: Document) -> Iterator[Problem]:
    """Where devenv adds to a kind configuration, as far as it is not of the form that can be added to."""
    forms: list[tuple[KeyPath, type, str]] = [(("networking",), Mapping, "keys with values")]
    forms += [((key,), list, "a list") for key in ("nodes", "kubeadmConfigPatches", "containerdConfigPatches")]
    nodes = document.find(("nodes",))
    entries = nodes.value if nodes and isinstance(nodes.value, list) else []
    for index in range(len(entries)):
        forms.append((("nodes", index), Mapping, "keys with values"))
        forms += [(("nodes", index, key), list, "a list") for key in ("extraMounts", "extraPortMappings")]
    for path, form, words in forms:
        found = document.find(path)
        if found is not None and not isinstance(found.value, form):
            yield document.problem(path, f"{words} expected here", "write it as kind has it, or leave it out")
    listed = [entry for entry in entries if isinstance(entry.value, Mapping)]
    roles = [role.value if (role := entry.child("role")) else CONTROL_PLANE for entry in listed]
    if roles and CONTROL_PLANE not in roles:
        yield document.problem(("nodes",), f"no node is a {CONTROL_PLANE}", f"add one: - role: {CONTROL_PLANE}")
