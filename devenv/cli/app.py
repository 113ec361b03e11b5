"""The command line's table of contents: one file per command, registered here."""

from __future__ import annotations

from typing import Annotated

import typer

from devenv import __version__
from devenv.cli.arguments import hint_at_options
from devenv.cli.commands import (
    add,
    alerts,
    aws,
    build,
    certificate,
    compare,
    db,
    debug,
    dev,
    diff,
    doctor,
    down,
    eject,
    engine,
    env,
    forward,
    helm,
    images,
    init,
    intercept,
    kubeconfig,
    kubectl,
    list,  # noqa: A004 -- commands are called as they are typed
    load,
    lock,
    logs,
    new,
    open,  # noqa: A004 -- the same
    prune,
    pull,
    render,
    reset_db,
    restart,
    run,
    schema,
    secrets,
    shell,
    sources,
    start,
    status,
    stop,
    test,
    tools,
    up,
    validate,
)
from devenv.cli.leading import LeadingOptions
from devenv.cli.verbatim import Verbatim

app = typer.Typer(
    name="devenv",
    cls=LeadingOptions,
    help=(
        "The whole Kubernetes environment of your product on your own machine, with one command.\n\n"
        "Start with `devenv up` in a folder that has a devenv.yaml; `devenv open` shows what runs and where; "
        "`devenv down` takes everything away again.\n\n"
        "-C, --json and -v may stand before the command as well: `devenv -C shop up`."
    ),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 -- typer passes an option's value by position
    if wanted:
        typer.echo(f"devenv {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Options of the program itself."""


app.command("init")(init.init)
app.add_typer(new.app, name="new")
app.command("add")(add.add)
app.command("up")(up.up)
app.command("down")(down.down)
app.command("stop")(stop.stop)
app.command("start")(start.start)
app.command("pull")(pull.pull)
app.command("dev")(dev.dev)
app.command("diff")(diff.diff)
app.command("build")(build.build)
app.command("load")(load.load)
app.add_typer(images.images, name="images")
app.command("status")(status.status)
app.command("list")(list.list_)
app.command("open")(open.open_)
app.command("logs")(logs.logs)
app.command("alerts")(alerts.alerts)
app.add_typer(db.app, name="db")
app.command("reset-db")(reset_db.reset_db)
app.command("restart")(restart.restart)
app.command("prune")(prune.prune)
app.command("shell")(shell.shell)
app.command("run")(run.run)
app.command("forward")(forward.forward)
app.command("debug")(debug.debug)
app.command("intercept")(intercept.intercept)
app.add_typer(secrets.app, name="secrets")
app.command("env")(env.env)
app.command("kubectl", cls=Verbatim)(kubectl.kubectl)
app.command("helm", cls=Verbatim)(helm.helm)
app.command("aws", cls=Verbatim)(aws.aws)
app.command("test")(test.run_tests)
app.command("render")(render.render)
app.command("compare")(compare.compare)
app.command("validate")(validate.validate)
app.command("eject")(eject.eject)
app.command("doctor")(doctor.doctor)
app.command("engine")(engine.engine)
app.command("tools")(tools.tools)
app.command("lock")(lock.lock)
app.add_typer(sources.app, name="sources")
app.command("kubeconfig")(kubeconfig.kubeconfig)
app.command("certificate")(certificate.certificate)
app.command("schema")(schema.schema)
hint_at_options(app)
