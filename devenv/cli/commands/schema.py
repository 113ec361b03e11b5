"""`devenv schema`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson


class SchemaName(StrEnum):
    """Whose schema: that of a file, or of what `devenv status --json` or `devenv doctor --json` prints."""

    DEVENV = "devenv"
    STACK = "stack"
    SEEDS = "seeds"
    STATUS = "status"
    DOCTOR = "doctor"


def schema(
    *,
    name: Annotated[SchemaName | None, typer.Argument(help="Print this one instead of writing all.")] = None,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Write them here.")] = Path("docs/schema"),
    as_json: AsJson = False,
) -> None:
    """Write the JSON Schemas of specifications, for editors.

    In an editor that knows YAML schemas, a file's first line names its schema:
    `# yaml-language-server: $schema=docs/schema/devenv.schema.json`
    """
    import json

    from devenv.errors import FolderError
    from devenv.runtime.tasks.states import TaskState
    from devenv.spec.schema import schema_file, schema_text, write_schemas
    from devenv.ui.doctor_view import doctor_schema_text
    from devenv.ui.status_schema import status_schema_text, write_status_schema
    from devenv.workflows.status import StackState

    words = StackState, TaskState
    words = StackState, TaskState
    if name is not None:
        printed = {SchemaName.STATUS: lambda: status_schema_text(*words), SchemaName.DOCTOR: doctor_schema_text}
        typer.echo(printed[name]() if name in printed else schema_text(name.value), nl=False)
        return
    try:
        files = [
            *write_schemas(folder),
            write_status_schema(folder, *words),
            schema_file(folder, "doctor"),
        ]
        files[-1].write_text(doctor_schema_text(), encoding="utf-8")
    except OSError as error:
        raise FolderError(
            f"the schemas cannot be written to {folder}",
            context={"cause": error.strerror or str(error)},
            hint="name a folder that can be written: devenv schema --output FOLDER",
        ) from error
    typer.echo(json.dumps([str(file) for file in files]) if as_json else "\n".join(map(str, files)))
