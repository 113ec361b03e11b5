"""Options that several commands share, with their help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion


class ImagesMode(StrEnum):
    """Where images come from."""

    AUTO = "auto"
    UPSTREAM = "upstream"
    RECIPES = "recipes"


Directory = Annotated[
    Path,
    typer.Option("--directory", "-C", help="Look for devenv.yaml here or above.", show_default="here"),
]
Databases = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME",
        help="Databases, by their stacks' names; all when none is given.",
        autocompletion=completion.databases,
    ),
]
Service = Annotated[
    str, typer.Argument(metavar="NAME", help="The service, by its stack's name.", autocompletion=completion.stacks)
]
Workload = Annotated[
    str,
    typer.Option(
        "--workload", "-w", metavar="KIND/NAME", help="Which one, where a stack has several: deployment/api, or api."
    ),
]
Container = Annotated[str, typer.Option("--container", "-c", metavar="NAME", help="Another than the first one.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show what the programs behind print.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON on standard output.")]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", help="Agree to everything that would be asked, installing an engine included."),
]
NoWait = Annotated[
    bool,
    typer.Option("--no-wait", help="Give up when another run is changing this project, instead of waiting for it."),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Values of this profile: dev, staging, prod, or one of devenv.yaml; the one chosen there when not given.",
        autocompletion=completion.profiles,
    ),
]
ImagesOption = Annotated[
    ImagesMode,
    typer.Option(
        "--images",
        help="auto: an image that is there already, else upstream if its registry answers within 2 s, else its recipe "
        "(not of what devenv.lock pins); "
        "upstream: never a recipe where there is an upstream image; recipes: never a pull.",
    ),
]
Adopt = Annotated[
    bool,
    typer.Option("--adopt", help="Take over a cluster of this project's name that another folder made."),
]
