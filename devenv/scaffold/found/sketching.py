"""A folder as a sketch of a project: what it holds, in the order in which one thing tells of another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from devenv.scaffold.found.charts import stacks
from devenv.scaffold.found.migrations import databases
from devenv.scaffold.found.other_tools import imported
from devenv.scaffold.found.services import URL_VARIABLE, FoundService, asks_for_database, dockerfiles, services
from devenv.scaffold.found.tree import Tree
from devenv.scaffold.sketch import Entry, Left, Sketch


def sketch_of_folder(
    tree: Tree, project: str, *, stack_names: Collection[str], images: Collection[str], imports: bool = True
) -> Sketch:
    """The project that a folder holds.

    Args:
        tree: the folder.
        project: the project's name.
        stack_names: those of devenv's own stacks, which others cannot have.
        images: those of devenv's own images, which stand for arguments of the same name.
        imports: whether files of other tools may be imported.
    """
    left = [Left(PurePosixPath("."), 1, "the folder has more files than were looked at")] if tree.cut else []
    other = imported(tree, left) if imports else None
    taken = set(stack_names)
    whole = other is not None and other.kind == "skaffold"
    files = [] if whole else dockerfiles(tree, left)
    named = other.dockerfiles if other else frozenset()
    own_files = [file for file in files if file not in named]
    found = list(services(tree, own_files, project=project, taken=taken, catalogue=images, left=left))
    charts = [] if whole else list(stacks(tree, found, project, taken, left))
    made = list(databases(tree, found, project, taken, left))
    if other:
        left.extend(_beside_an_import(made))
        made = []
    of_charts = {each.dockerfile for chart in charts for each in chart.builds}
    own = [each for each in found if each.dockerfile not in of_charts]
    named_images = {each.entry.name: each for chart in charts if not chart.text for each in chart.builds}
    return Sketch(
        project=project,
        services=tuple(_with_database(tree, each, made, left) for each in own),
        databases=tuple(made),
        stacks=tuple(chart.name for chart in charts),
        images=tuple(Entry(name, _context(each)) for name, each in named_images.items()),
        imports=({other.kind: str(other.file)},) if other else (),
        stack_paths=tuple(dict.fromkeys(str(chart.file.parent.parent.parent) for chart in charts)),
        files={str(chart.file): chart.text.encode() for chart in charts if chart.text},
        left=tuple(left),
    )


def _context(found: FoundService) -> Mapping[str, Any]:
    """As an image has it, which takes no short form."""
    return {"context": found.build} if isinstance(found.build, str) else found.build


def _beside_an_import(made: Sequence[Entry]) -> Iterator[Left]:
    """Who imports services has their databases imported as well."""
    for entry in made:
        migrations = entry.spec["migrations"]
        place = migrations if isinstance(migrations, str) else "."
        hint = f"where devenv is to have the database: databases: {{{entry.name}: {{engine: postgres, migrations: …}}}}"
        yield Left(PurePosixPath(place), 1, "migrations are left to what is imported", hint)


def _with_database(tree: Tree, found: FoundService, made: Sequence[Entry], left: list[Left]) -> Entry:
    """The service with the address of its database, if its sources ask for one."""
    entry = found.entry
    if not asks_for_database(tree, found.dockerfile.parent):
        return entry
    own = [each for each in made if _is_of(each, found)]
    among = own if len(own) == 1 else made
    if len(among) != 1:
        names = (
            f"NAME is one of {', '.join(each.name for each in among)}"
            if among
            else "databases: {NAME: {engine: postgres}}"
        )
        message = f"{entry.name} asks for {URL_VARIABLE}, and which database that is cannot be told"
        hint = f"env: {{{URL_VARIABLE}: {{database: NAME}}}}, and {names}"
        left.append(Left(found.dockerfile, 1, message, hint))
        return entry
    return replace(entry, spec={**entry.spec, "env": {URL_VARIABLE: {"database": among[0].name}}})


def _is_of(database: Entry, service: FoundService) -> bool:
    migrations = database.spec["migrations"]
    if isinstance(migrations, str):
        return PurePosixPath(migrations).is_relative_to(service.context)
    return bool(migrations["build"] == service.build)
