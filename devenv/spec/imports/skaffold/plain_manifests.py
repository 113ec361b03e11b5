"""Manifests and kustomizations of Skaffold as one stack for each configuration.

Responsible for which files they are: patterns are looked up anew at each run.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from devenv.spec.imports.skaffold.file.deploy_config import Kustomize
from devenv.spec.imports.skaffold.file.modules import Module
from devenv.spec.imports.skaffold.made_stack import stack_of
from devenv.spec.imports.skaffold.named_images import SUFFIXES, named_in
from devenv.spec.imports.skaffold.releases import DEFAULT_NAMESPACE, Place
from devenv.spec.imports.skaffold.variables import Templates
from devenv.spec.read.discover import StackFolder
from devenv.spec.read.drafts import StackDraft
from devenv.spec.read.places import PathProblem
from devenv.spec.yaml.derived import DerivedDocument
from devenv.spec.yaml.positions import KeyPath

_DEFAULT_MANIFESTS = "k8s/*.yaml"
Sources = list[tuple[dict[str, Any], KeyPath]]


def sources_of(module: Module, templates: Templates) -> Sources:
    """The manifests and kustomizations of a configuration, in Skaffold's order, with their places."""
    manifests, deploy = module.config.manifests, module.config.deploy
    found: Sources = []
    raw: list[tuple[Sequence[str], KeyPath]] = [(manifests.raw_yaml, ("manifests", "rawYaml"))]
    if deploy.kubectl and deploy.kubectl.manifests is not None:
        raw.append((deploy.kubectl.manifests, ("deploy", "kubectl", "manifests")))
    for patterns, at in raw:
        for index, pattern in enumerate(patterns):
            found += _matching(module, pattern, (*at, index), templates)
    for key, kustomize in (("manifests", manifests.kustomize), ("deploy", deploy.kustomize)):
        found += _kustomizations(module, kustomize, (key, "kustomize"), templates) if kustomize else []
    others = (manifests.helm, deploy.helm, manifests.raw_yaml, manifests.kustomize, deploy.kustomize)
    if not found and not any(others) and (deploy.kubectl is None or deploy.kubectl.manifests is None):
        # Of a configuration that says of nothing how it is deployed, Skaffold takes these.
        found = [({"manifests": {"path": path}}, ("deploy",)) for path in _files(module, _DEFAULT_MANIFESTS)]
    return found


def manifests_stack(
    name: str, sources: Sources, place: Place, templates: Templates, *, prefix: str, deadline: timedelta
) -> StackDraft | None:
    """The stack that has them.

    Args:
        name: of the stack.
        sources: at least one.
        place: where it belongs.
        templates: expands what may be a template.
        prefix: what `{namespace_prefix}` stands for.
        deadline: how long it may take.
    """
    module = place.module
    deploy = module.config.deploy
    root = _root(sources, place)
    moved = [_moved(source, module.folder, root) for source, _ in sources]
    written = [("kubectl", deploy.kubectl), ("kustomize", deploy.kustomize)]
    given = next(((key, one.default_namespace) for key, one in written if one and one.default_namespace), None)
    at: KeyPath = ("deploy", given[0], "defaultNamespace") if given else ()
    namespace = templates.expand(given[1], module.document, at, needed=True) if given else DEFAULT_NAMESPACE
    places: dict[KeyPath, KeyPath] = {("namespace",): at}
    for index, (source, where) in enumerate(sources):
        places |= {("sources", index): where, ("sources", index, next(iter(source)), "path"): where}
    named = named_in(moved, root, place.boundary, templates.artifacts)
    data: dict[str, Any] = {
        "name": name,
        "layer": place.layer,
        "summary": f"Manifests of {module.name} ({module.document.file.name})",
        "namespace": namespace,
        "version": "imported",
        "needs": place.needs,
        "deadline": f"{int(deadline.total_seconds())}s",
        "sources": moved,
        "images": {templates.artifacts[each]: {"kustomize": each} for each in sorted(named)},
        "hooks": {
            when: [_in_folder(hook, module.folder, root) for hook in hooks] for when, hooks in place.hooks.items()
        },
    }
    folder = StackFolder(root, place.boundary, builtin=False, name=name, layer=place.layer)
    document = DerivedDocument(module.document.file, module.document.root, (), places)
    spec = stack_of(data, document, prefix, templates.problems)
    return StackDraft(folder, spec, document, {}, (), ()) if spec else None


def _matching(module: Module, pattern: str, at: KeyPath, templates: Templates) -> Sources:
    """The files that a pattern stands for, each a source."""
    if "://" in pattern:
        hint = "save it into the repository and name the file"
        templates.problems.append(module.document.problem(at, "manifests behind an address are not fetched", hint))
        return []
    if glob.has_magic(pattern):
        files = _files(module, pattern)
        if not files:
            message = f"{pattern} matches no file"
            templates.problems.append(module.document.problem(at, message, f"looked for in {module.folder}"))
        return [({"manifests": {"path": path}}, at) for path in files]
    return [({"manifests": {"path": pattern}}, at)]


def _files(module: Module, pattern: str) -> list[str]:
    paths = sorted(glob.glob(pattern, root_dir=module.folder, recursive=True))  # noqa: PTH207 -- relative ones
    return [
        Path(path).as_posix() for path in paths if Path(path).suffix in SUFFIXES and (module.folder / path).is_file()
    ]


def _kustomizations(module: Module, kustomize: Kustomize, at: KeyPath, templates: Templates) -> Sources:
    paths = [templates.expand(path, module.document, (*at, "paths", i)) for i, path in enumerate(kustomize.paths)]
    return [({"kustomize": {"path": path}}, (*at, "paths", index)) for index, path in enumerate(paths)]


def _root(sources: Sources, place: Place) -> Path:
    """The folder of the first kustomization, else the configuration's.

    Beside a kustomization all files count for it: beside a configuration that is the whole repository at times.
    """
    folder = place.module.folder
    paths = [source["kustomize"]["path"] for source, _ in sources if "kustomize" in source]
    found = place.boundary.look(folder, paths[0], "folder") if paths else folder
    return folder if isinstance(found, PathProblem) else found


def _moved(source: dict[str, Any], folder: Path, root: Path) -> dict[str, Any]:
    """A source with its path relative to another folder."""
    if folder == root:
        return source
    return {
        kind: {"path": Path(os.path.relpath(folder / said["path"], root)).as_posix()} for kind, said in source.items()
    }


def _in_folder(hook: dict[str, Any], folder: Path, root: Path) -> dict[str, Any]:
    """A hook with its folder relative to another one."""
    if "dir" not in hook or folder == root:
        return hook
    return {**hook, "dir": Path(os.path.relpath(folder / hook["dir"], root)).as_posix()}
