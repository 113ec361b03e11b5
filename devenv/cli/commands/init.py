"""`devenv init`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devenv.cli.options import AsJson

if TYPE_CHECKING:
    from devenv.scaffold.languages import Wish
    from devenv.workflows.scaffolding.init import Begun


class Language(StrEnum):
    """What a new product is written in."""

    PYTHON = "python"
    GO = "go"
    NODE = "node"
    JAVA = "java"


class DatabaseEngine(StrEnum):
    """What a new product keeps its data in."""

    POSTGRES = "postgres"
    NONE = "none"


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Here, or a folder that may not be there yet.")
    ] = Path(),
    *,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The project's name; the folder's when not given.")
    ] = None,
    language: Annotated[
        Language | None, typer.Option("--language", "-l", help="Write a new product in it, whatever the folder holds.")
    ] = None,
    worker: Annotated[
        bool | None, typer.Option("--worker/--no-worker", help="Whether a new product has a worker beside its API.")
    ] = None,
    database: Annotated[
        DatabaseEngine | None, typer.Option("--database", help="What a new product keeps its data in.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: python, a worker and postgres, where flags say nothing.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print devenv.yaml and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Begin a project: write a devenv.yaml for what a folder holds, or a new product that works at once.

    Taken as they are: Dockerfiles (services, with port and health from EXPOSE and HEALTHCHECK), compose.yaml and
    skaffold.yaml (imports), charts (stacks), folders of migrations (databases). What cannot be taken is told with file,
    line and what to write instead.

    Where there is none of these, or with --language: an API, a worker and a database with migrations and seeds, in a
    few small files. What is not given is asked.

    No file is written over, and all is written or nothing. What is written has been validated.

    Examples: `devenv init`, `devenv init shop --language go --yes`, `devenv init --dry-run`.
    """
    from devenv.adapters.files.paths import data_root
    from devenv.workflows.scaffolding.init import begin_from_folder, begin_from_template, folder_to_begin_in, name_of
    from devenv.workflows.scaffolding.trial import find

    data = data_root()
    root = folder_to_begin_in(folder)
    suggested = name_of(root, name)
    asks = sys.stdin.isatty() and not yes
    found = None if language else find(root, data)
    if found and not found.sketch(suggested).empty:
        project = name_of(root, _ask("name of the project", suggested) if asks and not name else name)
        done = begin_from_folder(found, project, data, dry_run=dry_run)
    else:
        wish = _wish(suggested, name, language, worker, database, asks=asks, yes=yes)
        name_of(root, wish.project)
        done = begin_from_template(root, wish, data, dry_run=dry_run)
    _tell(done, dry_run=dry_run, as_json=as_json)


def _wish(
    suggested: str,
    name: str | None,
    language: Language | None,
    worker: bool | None,  # noqa: FBT001 -- as given
    database: DatabaseEngine | None,
    *,
    asks: bool,
    yes: bool,
) -> Wish:
    """What a new product is to be; what is not given is asked, if somebody is there to answer."""
    from devenv.errors import UsageError
    from devenv.scaffold.languages import Wish

    if not asks and not yes and not language:
        raise UsageError(
            "there is nothing here that devenv knows, and nobody to ask what to write",
            context={"cause": "no Dockerfile, compose.yaml, skaffold.yaml, chart or folder of migrations"},
            hint="devenv init --language python, go, node or java; or --yes for an example in Python",
        )
    if asks:
        if not language:
            typer.echo("There is nothing here that devenv knows: a new product is written.", err=True)
        suggested = name or _ask("name of the project", suggested)
        language = language or typer.prompt("language", default=Language.PYTHON, err=True)
        if worker is None:
            worker = typer.confirm("a worker beside the API?", default=True, err=True)
        database = database or typer.prompt("database", default=DatabaseEngine.POSTGRES, err=True)
    return Wish(
        project=suggested,
        language=Language(language or Language.PYTHON).value,
        worker=worker is not False,
        database=DatabaseEngine(database or DatabaseEngine.POSTGRES).value,
    )


def _ask(question: str, suggested: str) -> str:
    return str(typer.prompt(question, default=suggested, err=True)).strip()


def _tell(done: Begun, *, dry_run: bool, as_json: bool) -> None:
    import json

    from devenv.scaffold.sketch import as_data
    from devenv.ui.wording import one_line

    if as_json:
        files = [str(file) for file in done.files]
        data = {"folder": str(done.folder), "written": files, **as_data(done.sketch), "document": done.text}
        typer.echo(json.dumps(data, indent=2))
        return
    if dry_run:
        typer.echo(done.text, nl=False)
    for file in done.files:
        typer.echo(file)
    for left in done.sketch.left:
        typer.echo(f"note: {one_line(str(left))}", err=True)
    if not dry_run:
        here = done.folder == Path.cwd()
        typer.echo(f"\nnext: {'' if here else f'cd {done.folder} && '}devenv up", err=True)
