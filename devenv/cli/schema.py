"""`devenv schema`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson


class SchemaName(StrEnum):
    """Which file's schema."""

    DEVENV = "devenv"
    STACK = "stack"
    SEEDS = "seeds"


def schema(
    *,
    name: Annotated[SchemaName | None, typer.Argument(help="Print this one instead of writing all.")] = None,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Write them here.")] = Path("docs/schema"),
    as_json: AsJson = False,
) -> None:
    """Write the JSON Schemas of devenv.yaml, stack.yaml and seeds for your editor, or print one.

    In an editor that knows YAML schemas, a file's first line names its schema:
    `# yaml-language-server: $schema=docs/schema/devenv.schema.json`
    """
    import json

    from devenv.errors import FolderError
    from devenv.spec.schema import schema_text, write_schemas

    if name is not None:
        typer.echo(schema_text(name.value), nl=False)
        return
    try:
        files = write_schemas(folder)
    except OSError as error:
        raise FolderError(
            f"the schemas cannot be written to {folder}",
            context={"cause": error.strerror or str(error)},
            hint="name a folder that can be written: devenv schema --output FOLDER",
        ) from error
    typer.echo(json.dumps([str(file) for file in files]) if as_json else "\n".join(map(str, files)))
