"""`devenv secrets`: what LocalStack's Secrets Manager holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Directory, NoWait

app = typer.Typer(
    help="The secrets of LocalStack's Secrets Manager, which the cluster's Secrets follow.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name, as `devenv secrets list` has it.")]
Key = Annotated[
    str | None, typer.Option("--key", "-k", metavar="KEY", help="One of the values of a secret that holds several.")
]


@app.command("list")
def list_(*, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """List the secrets: name, keys, and the Secrets in the cluster that are made of each. Values are not shown.

    Example: `devenv secrets list`.
    """
    import json

    from devenv.cli import wiring
    from devenv.ui.tables import print_table
    from devenv.workflows.secrets import list_secrets

    with wiring.run_session("secrets") as session:
        rows = list_secrets(directory, session)
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=2))
        return
    print_table(
        ("secret", "keys", "followed by"),
        [(row.name, ", ".join(row.keys) or "-", ", ".join(row.followed_by) or "-") for row in rows],
    )


@app.command("get")
def get(name: Name, *, key: Key = None, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Print what a secret holds; with --key one of its values.

    Examples: `devenv secrets get alt-apps/alt-backend`, `devenv secrets get alt-database/postgres --key password`.
    """
    import json

    from devenv.cli import wiring
    from devenv.workflows.secrets import SecretRequest, get_secret

    with wiring.run_session("secrets") as session:
        text = get_secret(SecretRequest(directory, name, key), session)
    typer.echo(json.dumps({"name": name, "key": key, "value": text}) if as_json else text)


@app.command("set")
def set_(
    name: Name,
    *,
    key: Key = None,
    directory: Directory = Path(),
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Give a secret another value, or make a new one; the cluster's Secrets have it when the command ends.

    The value is read from standard input, or asked for on a terminal without showing it: in an argument every process
    of the machine could read it, and your shell's history would keep it. A line's end after it is left out.
    Variables of pods have the value after `devenv restart STACK`, mounted files follow by themselves.
    It holds until LocalStack begins anew or `devenv reset-db`: what is to be there always belongs into your seeds.

    Examples: `devenv secrets set mine/token`, `openssl rand -hex 16 | devenv secrets set mine/api --key token`.
    """
    import json
    import sys

    from devenv.cli import wiring
    from devenv.workflows.secrets import SecretRequest, set_secret

    if sys.stdin.isatty():
        value = typer.prompt(f"value of {f'{name}, {key}' if key else name}", hide_input=True, err=True)
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    with wiring.run_session("secrets set", wait=not no_wait) as session:
        done = set_secret(SecretRequest(directory, name, key), value, session)
    if as_json:
        typer.echo(json.dumps(done.as_dict(), indent=2))
    else:
        followed = f", followed by {', '.join(done.followed_by)}" if done.followed_by else ", which no Secret follows"
        typer.echo(f"{done.name} is {done.change}{followed if not done.left else ''}", err=True)
    if done.left:
        raise typer.Exit(1)
