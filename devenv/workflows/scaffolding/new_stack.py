"""`devenv new stack`: a stack of the project's own, in its list, with a test."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from devenv.adapters.files.new_files import require_room, written_new
from devenv.errors import AlreadyThereError, UsageError
from devenv.scaffold.names import service_named
from devenv.scaffold.stack import stack_files
from devenv.spec.model import LayerName
from devenv.spec.read.discover import PROJECT_FILE
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import read_project
from devenv.workflows.scaffolding.project_file import (
    WrittenStack,
    changed,
    own_stacks,
    read_as_it_is,
    with_own_stacks,
    with_stack,
)
from devenv.workflows.scaffolding.trial import require_sound


def new_stack(directory: Path, name: str, layer: str, data_root: Path) -> WrittenStack:
    """Write a stack, and add it to devenv.yaml, whose other lines stay as they are.

    Raises:
        SpecError: with every problem of the specification; nothing was changed.
        UsageError: the name or the layer cannot be one.
        AlreadyThereError: there is something of that name already.
    """
    workspace = read_project(directory, data_root=data_root)
    _require_name(name, layer, workspace)
    root = workspace.root
    stacks = own_stacks(workspace)
    files = stack_files(data_root / "templates" / "stack", name, layer, stacks)
    require_room(root, files, "choose another name,")
    file = root / PROJECT_FILE
    before = read_as_it_is(file)
    listed = with_stack(before, name)
    after = with_own_stacks(listed, workspace) if listed is not None else None
    with written_new(root, files):
        if after is not None:
            with changed(file, before, after):
                require_sound(root, data_root)
    left = (
        ()
        if after is not None
        else (f"add to stacks: {{name: {name}}}", f"and, if it is not there, stack_paths: [{stacks}]")
    )
    return WrittenStack(name, root / stacks / layer / name, tuple(root / path for path in files), left)


def _require_name(name: str, layer: str, workspace: Workspace) -> None:
    plain = service_named(name, workspace.project.project, ())
    if name != plain:
        raise UsageError(
            f"{name!r} cannot be a stack's name: lower-case letters, digits and dashes, a letter first, at most 40",
            hint=f"for example: devenv new stack {plain}",
        )
    try:
        TypeAdapter(LayerName).validate_python(layer)
    except ValidationError as error:
        raise UsageError(
            f"{layer!r} cannot be a layer: two digits, a dash and a name", hint="for example --layer 06-application"
        ) from error
    if name in workspace.stacks:
        own = service_named(name, workspace.project.project, workspace.stacks)
        raise AlreadyThereError(
            f"there is a stack {name} already, and nothing was changed",
            context={"cause": _what(name, workspace)},
            hint=_instead(name, workspace).format(own=f"devenv new stack {own}"),
        )


def _what(name: str, workspace: Workspace) -> str:
    if workspace.stacks[name].builtin:
        return "it comes with devenv"
    own = {*workspace.project.services, *workspace.project.databases}
    return f"a service or database is called so, in {PROJECT_FILE}" if name in own else f"{workspace.stacks[name].root}"


def _instead(name: str, workspace: Workspace) -> str:
    if workspace.stacks[name].builtin:
        return f"devenv add {name} brings that one up; for one of your own: {{own}}"
    is_written = name in {*workspace.project.services, *workspace.project.databases}
    return (
        f"devenv eject {name} writes its chart; for another one: {{own}}"
        if is_written
        else "choose another name: {own}"
    )
