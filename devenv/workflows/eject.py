"""`devenv eject`: a service or database of devenv.yaml as a chart and a stack.yaml of the project's own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from devenv.errors import SpecError, UsageError
from devenv.images.content.fingerprint import FileDigests
from devenv.runtime.host.ports import PREFERRED_HTTP, PREFERRED_HTTPS
from devenv.runtime.observe.stack_inputs import stack_inputs
from devenv.spec.read.discover import PROJECT_FILE
from devenv.spec.read.wording import name_hint
from devenv.spec.render import ProjectFacts
from devenv.spec.services.ejection import EjectedStack, ejected
from devenv.spec.workspace import Workspace
from devenv.spec.yaml.edits import Removal, with_list_item, without_entry
from devenv.workflows.access.project import read_project
from devenv.workflows.scaffolding.project_file import (
    WrittenStack,
    changed,
    own_stacks,
    read_as_it_is,
    with_own_stacks,
)


def eject(directory: Path, name: str, data_root: Path) -> WrittenStack:
    """Write a service or database out, and take it out of devenv.yaml.

    The project comes to the same before and after. Where devenv.yaml cannot be changed without harm to what else is
    in it, it stays as it is, and what has to be changed is told.

    Raises:
        SpecError: with every problem of the specification.
        UsageError: there is no such service or database, its folder is there already, or others would come to something
            else without it.
    """
    workspace = read_project(directory, data_root=data_root)
    project = workspace.project
    kind = "services" if name in project.services else "databases"
    if name not in {*project.services, *project.databases}:
        hint = name_hint(name, [*project.services, *project.databases], "services and databases")
        raise UsageError(f"there is no service or database {name} in {PROJECT_FILE}", hint=hint)
    file = workspace.root / PROJECT_FILE
    before = read_as_it_is(file)
    removal = without_entry(before, kind, name)
    stack = _stack(workspace, name, removal)
    if stack.folder.exists():
        raise UsageError(f"the folder {stack.folder} is there already", hint=f"mv {stack.folder} {stack.folder}.old")
    written = _write(stack, workspace.charts)
    after = _without(before, removal, workspace, name)
    if after is None:
        return WrittenStack(name, stack.folder, written, tuple(_by_hand(workspace, kind, name)))
    try:
        with changed(file, before, after):
            _require_same(workspace, read_project(directory, data_root=data_root), name)
    except BaseException as error:
        shutil.rmtree(stack.folder)
        if isinstance(error, SpecError):
            first = error.problems[0]
            raise _refused(name, f"{first.key}: {first.message}", "devenv eject what refers to it first") from error
        raise
    return WrittenStack(name, stack.folder, written, ())


def _stack(workspace: Workspace, name: str, removal: Removal | None) -> EjectedStack:
    loaded = workspace.stacks[name]
    stacks = workspace.root / own_stacks(workspace)
    spec = loaded.written or loaded.spec
    return ejected(spec, loaded.profile_values, workspace.root, stacks, removal.removed if removal else "")


def _write(stack: EjectedStack, charts: Path) -> tuple[Path, ...]:
    stack.folder.parent.mkdir(parents=True, exist_ok=True)
    draft = stack.folder.with_name(f".{stack.folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(charts / stack.chart, draft / "chart")
    for path, text in stack.files.items():
        (draft / path).parent.mkdir(exist_ok=True)
        (draft / path).write_text(text, encoding="utf-8")
    draft.rename(stack.folder)
    return tuple(sorted(path for path in stack.folder.rglob("*") if path.is_file()))


def _without(before: str, removal: Removal | None, workspace: Workspace, name: str) -> str | None:
    """devenv.yaml without the entry, and with the stack; None where that cannot be written without harm."""
    text = removal.text if removal else None
    if text is not None and name not in {choice.name for choice in workspace.project.stacks}:
        text = with_list_item(text, "stacks", f"{{name: {name}}}")
    if text is not None:
        text = with_own_stacks(text, workspace)
    return text if text != before else None


def _by_hand(workspace: Workspace, kind: str, name: str) -> list[str]:
    file = workspace.imported.get(name)
    left = [f"add without: [{name}] beside {file.name} in imports" if file else f"take {name} out of {kind}"]
    if name not in {choice.name for choice in workspace.project.stacks}:
        left.append(f"add it to stacks: {{name: {name}}}")
    if not workspace.project.stack_paths:
        left.append(f"add stack_paths: [{own_stacks(workspace)}]")
    return left


def _require_same(before: Workspace, after: Workspace, name: str) -> None:
    """Raise UsageError where a stack, an image or a seed is another one than before."""
    former, now = _contents(before), _contents(after)
    others = sorted({kind for kind in {*former, *now} if former.get(kind) != now.get(kind)})
    if others:
        first = next((each for each, _ in others if each in before.project.services and each != name), "")
        hint = f"devenv eject {first}, and then {name}" if first else f"give {name} in devenv.yaml a simpler form"
        raise _refused(name, f"{others[0][0]} would be another one without it", hint)


def _contents(workspace: Workspace) -> Mapping[tuple[str, str], object]:
    """What the project comes to: each stack, by name and profile, and what they share."""
    names, digests = workspace.selected, FileDigests()
    images = {image: f"{image}:1" for name in names for image in workspace.stacks[name].spec.images}
    pulled = {name: image.upstream for name, image in workspace.versions.images.items()}
    shared = {"images": (workspace.project.images, pulled), "seeds": workspace.seeds.to_json()}
    found: dict[tuple[str, str], object] = {(what, ""): value for what, value in shared.items()}
    for profile in workspace.project.known_profiles:
        project = workspace.project.model_copy(update={"profile": profile})
        facts = ProjectFacts.of(project, PREFERRED_HTTP, PREFERRED_HTTPS)
        for name in names:
            try:
                ((_, made),) = stack_inputs(workspace, [name], facts, images, digests, environ={})
            except OSError:
                continue  # a kustomization without an overlay for this profile
            found[name, profile] = (made.content, made.database_content)
    return found


def _refused(name: str, why: str, hint: str) -> UsageError:
    return UsageError(f"{name} cannot be ejected, and nothing was changed: {why}", hint=hint)
