"""`devenv validate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from devenv.cli.options import AsJson, Directory, ProfileOption

if TYPE_CHECKING:  # pydantic would slow `--help` down
    from devenv.spec.workspace import Workspace


def validate(*, directory: Directory = Path(), profile: ProfileOption = None, as_json: AsJson = False) -> None:
    """Check devenv.yaml, stacks, seeds, imports and the files they name.

    Tells all problems at once, with file, line and key. Nothing is started or changed. Where Helm and kubectl are there
    already, the project's own charts and kustomizations are rendered: rules, monitors and dashboards among them are
    checked, and you are warned of containers whose local image can be stale, and of monitors that match nothing. What
    imported files say and is not carried over is a note. Exit status 0 when all is well or there are only warnings and
    notes, 2 when there are problems.
    """
    import json

    from devenv.adapters.files.paths import data_root, sources_dir
    from devenv.spec.checks.stack_contents import require_sound_contents
    from devenv.spec.imports.note import lines_of
    from devenv.spec.load import load_workspace
    from devenv.workflows.run.origins import origins
    from devenv.workflows.validate import examine

    workspace = load_workspace(directory, data_root=data_root(), sources=sources_dir(create=False), profile=profile)
    require_sound_contents(workspace.stacks[name] for name in workspace.selected)
    notes = lines_of(workspace.notes, workspace.root)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    warnings = examine(workspace)
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    if as_json:
        typer.echo(json.dumps(_as_data(workspace, warnings, notes), indent=2))
        return
    typer.echo(
        f"{workspace.root / 'devenv.yaml'}: no problems\n"
        f"project {workspace.project.project}, profile {workspace.project.profile}, "
        f"{len(workspace.selected)} of {len(workspace.stacks)} stacks: {', '.join(workspace.selected)}"
    )
    for origin in origins(workspace):
        typer.echo(origin)


def _as_data(workspace: Workspace, warnings: list[str], notes: list[str]) -> dict[str, object]:
    return {
        "valid": True,
        "project": workspace.project.project,
        "profile": workspace.project.profile,
        "root": str(workspace.root),
        "stacks": [
            {
                "name": name,
                "layer": workspace.stacks[name].spec.layer,
                "builtin": workspace.stacks[name].builtin,
                "source": workspace.stacks[name].source or None,
            }
            for name in workspace.selected
        ],
        "problems": [],
        "warnings": warnings,
        "notes": notes,
    }
