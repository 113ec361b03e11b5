"""`devenv validate`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devenv.cli.options import AsJson, Directory, ProfileOption

if TYPE_CHECKING:  # pydantic would slow `--help` down
    from devenv.spec.workspace import Workspace


def validate(
    *,
    directory: Directory = Path(),
    profile: ProfileOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Render every stack for every profile, and check what comes out.")
    ] = False,
    kubernetes: Annotated[
        list[str] | None,
        typer.Option(
            "--kubernetes",
            metavar="VERSION",
            help="With --all: a version that kinds must be served in, such as 1.36; may be given again. "
            "The schemas are those of the first.",
        ),
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", metavar="FILE", help="With --all: write the findings as SARIF 2.1.0.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="With --all: end with status 2 for warnings too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check devenv.yaml, stacks, seeds, imports and the files they name.

    Tells all problems at once, with file, line and key. Nothing is started or changed. Where Helm and kubectl are there
    already, the project's own charts and kustomizations are rendered: rules, monitors and dashboards among them are
    checked, and you are warned of containers whose local image can be stale, and of monitors that match nothing. What
    imported files say and is not carried over is a note. Exit status 0 when all is well or there are only warnings and
    notes, 2 when there are problems.

    With --all, what every stack comes to in every profile (or in that of --profile) is held to the schemas of
    Kubernetes and of the stacks' own CRDs, to policies, and to what is there of what it refers to, each finding with
    the line that it was written on: docs/validation.md.

    Examples: `devenv validate`, `devenv validate --all --strict --sarif devenv.sarif`.
    """
    from devenv.errors import UsageError

    if everything:
        _validate_all(directory, profile, kubernetes or (), sarif, strict=strict, as_json=as_json)
        return
    if kubernetes or sarif or strict:
        raise UsageError("--kubernetes, --sarif and --strict go with --all", hint="devenv validate --all")
    _validate(directory, profile, as_json=as_json)


def _validate(directory: Path, profile: str | None, *, as_json: bool) -> None:
    import json

    from devenv.spec.checks.stack_contents import require_sound_contents
    from devenv.spec.imports.note import lines_of
    from devenv.workflows.access.project import read_project
    from devenv.workflows.run.origins import origins
    from devenv.workflows.validate import examine

    workspace = read_project(directory, profile=profile)
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


def _validate_all(
    directory: Path, profile: str | None, kubernetes: Sequence[str], sarif: Path | None, *, strict: bool, as_json: bool
) -> None:
    from devenv.adapters.files.records import write_whole
    from devenv.errors import EXIT_BAD_SPEC
    from devenv.ui.faults_view import report_as_json, report_as_text
    from devenv.ui.sarif import report_as_sarif
    from devenv.workflows.validate_all import ValidateRequest, validate_all

    report = validate_all(ValidateRequest(directory, tuple(kubernetes), (profile,) if profile else ()))
    if sarif:
        write_whole(sarif, report_as_sarif(report))
    for note in report.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(report_as_json(report) if as_json else report_as_text(report, Path.cwd()))
    if report.errors or (strict and report.faults):
        raise typer.Exit(EXIT_BAD_SPEC)


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
