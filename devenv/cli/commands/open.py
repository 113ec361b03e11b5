"""`devenv open`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory


def open_(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="An endpoint that `devenv status` names; else the start page.",
            autocompletion=completion.endpoints,
        ),
    ] = None,
    *,
    directory: Directory = Path(),
    print_only: Annotated[bool, typer.Option("--print", help="Print the address and open nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Open the project's start page, or one of its endpoints, in a browser.

    The page shows how every stack is and why, where everything answers, what failed and what rolled out when; it
    follows the cluster as it changes, resets databases and restarts stacks. A small server on this machine alone
    brings it, which is started here and ended by `devenv down`. The address that is printed has the token that the
    page's buttons take: whoever has it can use them.

    Examples: `devenv open`, `devenv open prometheus`, `devenv open --print`.
    """
    import json

    from devenv.adapters.host.browser import has_browser, open_in_browser
    from devenv.workflows.open import find_endpoint, open_page

    in_browser = has_browser() and not print_only and not as_json
    opened = find_endpoint(directory, name) if name else open_page(directory, in_browser=in_browser)
    typer.echo(json.dumps({"url": opened.url}) if as_json else opened.url)
    if in_browser:
        open_in_browser(opened.for_browser)
