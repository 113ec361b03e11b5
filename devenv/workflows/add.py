"""`devenv add`: stacks and databases into devenv.yaml, whose other lines stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from devenv.errors import UsageError
from devenv.runtime.host.ports import PREFERRED_HTTP, PREFERRED_HTTPS
from devenv.spec.needs import needed_by
from devenv.spec.read.discover import PROJECT_FILE
from devenv.spec.read.wording import name_hint
from devenv.spec.render import ProjectFacts, endpoint_url
from devenv.spec.services.database import ProjectEngine
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import read_project
from devenv.workflows.scaffolding.project_file import changed, read_as_it_is, with_database, with_stack

ENGINES: tuple[str, ...] = get_args(ProjectEngine)
"""Of which a project has databases of its own, beside the stacks that are called so."""


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
    variable: str
    """In `env` of a service the usual name of its address; empty where it is no database."""
    readme: Path | None


@dataclass(frozen=True, slots=True)
class Added:
    """What was done."""

    file: Path
    stacks: tuple[Brought, ...]


def add(directory: Path, names: Sequence[str], data_root: Path, *, called: str | None = None) -> Added:
    """Add stacks to the list of devenv.yaml, and a database for each engine; what is in it already stays as it is.

    Args:
        directory: where devenv.yaml is looked for.
        names: stacks, and engines of databases.
        data_root: the folder with devenv's own stacks.
        called: the name of the database, where one is added; else it is made of the project's and the engine's.

    Raises:
        SpecError: with every problem of the specification, as it was or as it would be; then nothing was changed.
        UsageError: there is no such stack, or devenv.yaml cannot be changed line by line.
    """
    before = read_project(directory, data_root=data_root)
    file = before.root / PROJECT_FILE
    listed = {choice.name for choice in before.project.stacks}
    engines = [name for name in dict.fromkeys(names) if name in ENGINES and name not in listed]
    if called and len(engines) != 1:
        raise UsageError("--name names one database", hint=f"devenv add {ENGINES[0]} --name {called}")
    databases = {called or f"{before.project.project}-{engine}": engine for engine in engines}
    stacks = [name for name in dict.fromkeys(names) if name not in engines]
    for name in stacks:
        _require_stack(name, before)
    for name, engine in databases.items():
        _require_free(name, engine, before)
    new = {name: engine for name, engine in databases.items() if name not in before.project.databases}
    wanted = [name for name in stacks if name not in listed]
    after = _write(file, wanted, new, directory, data_root) if wanted or new else before
    return Added(file, tuple(_brought(name, name in {*wanted, *new}, before, after) for name in [*databases, *stacks]))


def _require_free(name: str, engine: str, workspace: Workspace) -> None:
    there = workspace.project.databases.get(name)
    if name in workspace.project.services or (there and there.engine != engine):
        what = f"a database of {there.engine}" if there else "a service"
        raise UsageError(f"{name} is {what} already", hint=f"devenv add {engine} --name ANOTHER")


def _require_stack(name: str, workspace: Workspace) -> None:
    if name in {*workspace.project.services, *workspace.project.databases}:
        raise UsageError(f"{name} is a service or database of {PROJECT_FILE}: it is brought up without being listed")
    if name not in workspace.stacks:
        raise UsageError(f"there is no stack {name}", hint=name_hint(name, workspace.stacks, "stacks"))


def _write(
    file: Path, names: Sequence[str], databases: Mapping[str, str], directory: Path, data_root: Path
) -> Workspace:
    before = read_as_it_is(file)
    text: str | None = before
    for name in names:
        if text is not None:
            text = with_stack(text, name)
    for name, engine in databases.items():
        if text is not None:
            text = with_database(text, name, engine)
    if text is None:
        entries = ", ".join(f"{name}: {{engine: {engine}}}" for name, engine in databases.items())
        lines = ", ".join(f"{{name: {name}}}" for name in names)
        left = [f"databases: {{{entries}}}" if entries else "", f"stacks: [{lines}]" if lines else ""]
        raise UsageError(
            f"{file} cannot be changed line by line, and nothing was changed",
            hint=f"add to it: {', '.join(filter(None, left))}",
        )
    with changed(file, before, text):
        return read_project(directory, data_root=data_root)


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
        variable=_variable(stack.spec),
        readme=readme if readme.is_file() else None,
    )


def _variable(stack: StackSpec) -> str:
    """A name for the variable with a database's address, as programs mostly call it."""
    if stack.database is None:
        return ""
    called = stack.database.engine if stack.database.engine in ENGINES else stack.name
    return f"{called.upper().replace('-', '_')}_URL"


def _ports(workspace: Workspace) -> tuple[int, int]:
    """Those that the project's cluster is to have, where nobody else has them."""
    ports = workspace.project.cluster.ports
    return (
        PREFERRED_HTTP if ports.http == "auto" else ports.http,
        PREFERRED_HTTPS if ports.https == "auto" else ports.https,
    )
