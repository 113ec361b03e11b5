"""`devenv add`: stacks into the list of devenv.yaml, whose other lines stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.files.paths import sources_dir
from devenv.errors import UsageError
from devenv.runtime.host.ports import PREFERRED_HTTP, PREFERRED_HTTPS
from devenv.spec.load import load_workspace
from devenv.spec.needs import needed_by
from devenv.spec.read.discover import PROJECT_FILE
from devenv.spec.read.wording import name_hint
from devenv.spec.render import ProjectFacts, endpoint_url
from devenv.spec.workspace import Workspace
from devenv.workflows.scaffolding.project_file import changed, read_as_it_is, with_stack


@dataclass(frozen=True, slots=True)
class Brought:
    """What a stack brings."""

    name: str
    summary: str
    new: bool
    """Whether it was added; else it was in the list already."""
    needs: tuple[str, ...]
    """Stacks that come with it and were not in the project before, in the order in which they are brought up."""
    endpoints: tuple[str, ...]
    """Addresses in a browser."""
    database: bool
    """Whether `env` of a service can refer to it as a database."""
    readme: Path | None


@dataclass(frozen=True, slots=True)
class Added:
    """What was done."""

    file: Path
    stacks: tuple[Brought, ...]


def add(directory: Path, names: Sequence[str], data_root: Path) -> Added:
    """Add stacks to the list of devenv.yaml; those that are in it already stay as they are.

    Raises:
        SpecError: with every problem of the specification, as it was or as it would be; then nothing was changed.
        UsageError: there is no such stack, or the list cannot be changed line by line.
    """
    before = load_workspace(directory, data_root=data_root, sources=sources_dir(create=False))
    file = before.root / PROJECT_FILE
    listed = {choice.name for choice in before.project.stacks}
    for name in names:
        _require_stack(name, before)
    wanted = [name for name in dict.fromkeys(names) if name not in listed]
    after = _write(file, wanted, directory, data_root) if wanted else before
    return Added(file, tuple(_brought(name, name in wanted, before, after) for name in dict.fromkeys(names)))


def _require_stack(name: str, workspace: Workspace) -> None:
    if name in {*workspace.project.services, *workspace.project.databases}:
        raise UsageError(f"{name} is a service or database of {PROJECT_FILE}: it is brought up without being listed")
    if name not in workspace.stacks:
        raise UsageError(f"there is no stack {name}", hint=name_hint(name, workspace.stacks, "stacks"))


def _write(file: Path, names: Sequence[str], directory: Path, data_root: Path) -> Workspace:
    before = read_as_it_is(file)
    text: str | None = before
    for name in names:
        if text is not None:
            text = with_stack(text, name)
    if text is None:
        lines = ", ".join(f"{{name: {name}}}" for name in names)
        raise UsageError(
            f"{file} cannot be changed line by line, and nothing was changed", hint=f"add to it: stacks: [{lines}]"
        )
    with changed(file, before, text):
        return load_workspace(directory, data_root=data_root, sources=sources_dir(create=False))


def _brought(name: str, new: bool, before: Workspace, after: Workspace) -> Brought:  # noqa: FBT001 -- a field
    stack = after.stacks[name]
    needs = {each: (*loaded.spec.needs, *loaded.spec.wants) for each, loaded in after.stacks.items()}
    coming = needed_by(needs, [name]) - {name, *before.selected}
    facts = ProjectFacts.of(after.project, *_ports(after))
    readme = stack.root / "README.md"
    return Brought(
        name=name,
        summary=stack.spec.summary,
        new=new,
        needs=tuple(each for each in after.selected if new and each in coming),
        endpoints=tuple(endpoint_url(endpoint, facts) for endpoint in stack.spec.endpoints),
        database=stack.spec.database is not None,
        readme=readme if readme.is_file() else None,
    )


def _ports(workspace: Workspace) -> tuple[int, int]:
    """Those that the project's cluster is to have, where nobody else has them."""
    ports = workspace.project.cluster.ports
    return (
        PREFERRED_HTTP if ports.http == "auto" else ports.http,
        PREFERRED_HTTPS if ports.https == "auto" else ports.https,
    )
