"""`devenv tools`."""

from __future__ import annotations

import typer

from devenv.cli.options import AsJson


def tools(*, as_json: AsJson = False) -> None:
    """List the programs that devenv runs.

    Tells version, origin and path of each. A program from PATH is used when its version fits; else one from
    devenv's cache; else `devenv up` downloads it, when devenv knows its checksum, or builds it from its Go module.
    """
    import json

    from devenv.ui.tables import print_table
    from devenv.workflows.tools import list_tools

    rows = list_tools()
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=2))
        return
    print_table(
        ("tool", "wanted", "found", "origin", "path"),
        [(r.name, r.wanted, r.found or "-", r.origin, str(r.path or "-")) for r in rows],
    )
