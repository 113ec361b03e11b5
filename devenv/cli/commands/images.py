"""`devenv images` and `devenv images prune`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devenv.cli.options import AsJson, Directory

if TYPE_CHECKING:
    from devenv.images.catalogue.inventory import ListedImage

images = typer.Typer(rich_markup_mode=None)


@images.callback(invoke_without_command=True)
def show(context: typer.Context, *, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """List the images that devenv uses, and those that it made and needs no more.

    Tells what each one is (of the project, the catalogue or a tool), where it came from, its size (shared layers
    included), which nodes of the cluster hold it, and whether it is in use by a cluster of this engine, current in the
    specification, or old.

    Examples: `devenv images`, `devenv images --json`, `devenv images prune`.
    """
    if context.invoked_subcommand:
        return
    from devenv.workflows.images import read_images

    report = read_images(directory)
    if as_json:
        typer.echo(json.dumps([image.as_dict() for image in report.images], indent=2))
        return
    _print(report.images)
    if report.removable:
        typer.echo(f"{len(report.removable)} can be removed: devenv images prune", err=True)
    _report_unknown(report.unknown)


@images.command("prune")
def prune(
    context: typer.Context,
    *,
    directory: Directory = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove them without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove images that devenv made and nothing needs any more.

    Those are former builds that no cluster of this engine runs, and dangling ones. What the present catalogue, its
    recipes' bases or this project's devenv.yaml name stays, and so does every image that devenv did not make. They are
    named before they are removed; without --yes you are asked.

    Examples: `devenv images prune`, `devenv images prune --yes --json`.
    """
    import sys

    from devenv.workflows.images import prune_images, read_images

    # Options count on either side of the word prune.
    before = context.parent.params if context.parent else {}
    as_json = as_json or bool(before.get("as_json"))
    report = read_images(directory if directory != Path() else before.get("directory", directory))

    def agreed(unneeded: Sequence[ListedImage]) -> bool:
        if not as_json:
            _print(unneeded)
        if yes:
            return True
        return sys.stdin.isatty() and typer.confirm(f"Remove these {len(unneeded)} images?", err=True)

    pruned = prune_images(report, agreed)
    _report_unknown(report.unknown)
    if as_json:
        document = {
            "removed": [image.as_dict() for image in pruned.images],
            "kept": [image.as_dict() for image in report.removable if image not in pruned.images],
            "freed": pruned.freed,
        }
        typer.echo(json.dumps(document, indent=2))
    elif pruned.images:
        typer.echo(f"{len(pruned.images)} images removed, {pruned.freed / 1e9:.1f} GB freed", err=True)
    else:
        rest = "; devenv images prune --yes removes these" if report.removable else ": there is nothing to remove"
        typer.echo(f"no image removed{rest}", err=True)


def _print(rows: Sequence[ListedImage]) -> None:
    from devenv.ui.tables import print_table

    print_table(
        ("image", "kind", "reference", "origin", "size", "nodes", "state"),
        [
            (
                row.name or "-",
                row.kind,
                row.reference or row.id[:19],
                row.origin,
                f"{row.size / 1e6:.0f} MB",
                ", ".join(row.nodes) or "-",
                row.state,
            )
            for row in rows
        ],
    )


def _report_unknown(clusters: Sequence[str]) -> None:
    if clusters:
        names = ", ".join(clusters)
        typer.echo(f"warning: {names} cannot be asked which images it needs, so none with a name is removed", err=True)
