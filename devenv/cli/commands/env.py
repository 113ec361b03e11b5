"""`devenv env`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import Container, Directory, Workload
from devenv.ui.variable_forms import Form

Name = Annotated[
    str,
    typer.Argument(
        metavar="[NAME]",
        help="A service, by its stack's name: its own variables instead.",
        autocompletion=completion.stacks,
        show_default=False,
    ),
]


def env(
    name: Name = "",
    *,
    directory: Directory = Path(),
    form: Annotated[Form, typer.Option("--format", help="Who reads the variables.")] = Form.SHELL,
    credentials: Annotated[
        bool, typer.Option("--credentials", help="Show passwords on a terminal instead of hiding them.")
    ] = False,
    workload: Workload = "",
    container: Container = "",
) -> None:
    """Print the variables by which programs on this machine reach the environment.

    KUBECONFIG; AWS_ENDPOINT_URL with keys and region for LocalStack; a URL for each database, named after its stack
    (POSTGRES_URL, KRATOS_POSTGRES_URL), and DATABASE_URL: that of the only PostgreSQL or MySQL, or of the stack called
    like its engine. The URLs hold the passwords: where a shell or a program reads them they are there, on a terminal
    they are hidden unless --credentials is given. A shell also forgets AWS_PROFILE and session tokens, which would go
    before the keys.

    With NAME: the variables that the service has in the cluster, literal or out of ConfigMaps and Secrets, for a
    process that takes its place here (`devenv intercept`). Addresses of the cluster in them are ones that this machine
    reaches; what is reached in a `devenv intercept` alone is told.

    Examples: `eval "$(devenv env)"`, `devenv env --format fish | source`, `devenv env --format dotenv > .env.local`;
    `eval "$(devenv env api)"`;
    in an .envrc `eval "$(devenv env --format direnv)"`, which is read anew when devenv.yaml or the cluster changes.
    """
    import sys

    from devenv.cli import wiring
    from devenv.ui.variables_view import hides, render
    from devenv.workflows.services.service_variables import ServiceRequest, read_service_variables
    from devenv.workflows.variables import read_variables

    with wiring.run_session("env") as session:
        if name:
            variables = read_service_variables(ServiceRequest(directory, name, workload, container), session)
        else:
            variables = read_variables(directory, session)
    reveal = credentials or not sys.stdout.isatty()
    typer.echo(render(variables, form, reveal=reveal))
    for note in variables.notes:
        typer.echo(f"note: {note}", err=True)
    if not reveal and hides(variables):
        typer.echo("passwords are hidden on a terminal: devenv env --credentials shows them", err=True)
