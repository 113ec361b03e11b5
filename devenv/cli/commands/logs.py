"""`devenv logs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Only these stacks'.", show_default=False, autocompletion=completion.stacks),
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with each line as it comes, until Ctrl-C.")]
Search = Annotated[
    str, typer.Option("--search", "--grep", "-s", metavar="TEXT", help="Only lines with this text, in any case.")
]
Since = Annotated[str, typer.Option("--since", metavar="DURATION", help="How far back: 90s, 5m, 1h30m.")]
Stacks = Annotated[
    list[str] | None,
    typer.Option("--stack", metavar="NAME", help="Only this stack's; repeatable.", autocompletion=completion.stacks),
]
Namespaces = Annotated[
    list[str] | None, typer.Option("--namespace", "-n", metavar="NAME", help="Only this namespace; repeatable.")
]
Pod = Annotated[str, typer.Option("--pod", metavar="NAME", help="Only pods whose names begin so.")]
Level = Annotated[
    str, typer.Option("--level", metavar="LEVEL", help="At least as bad: trace, debug, info, warning, error, fatal.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="The newest lines, where there are more.")]


def logs(
    names: Names = None,
    *,
    follow: Follow = False,
    directory: Directory = Path(),
    search: Search = "",
    since: Since = "1h",
    stack: Stacks = None,
    namespace: Namespaces = None,
    pod: Pod = "",
    level: Level = "",
    limit: Limit = 1000,
    as_json: AsJson = False,
) -> None:
    """Show what pods wrote, oldest line first; the lines of one stack trace are one.

    Names are those of stacks, as with --stack; without one it is everything.

    With the stack `logs` it comes from where that keeps it, also the lines of pods that are gone. Without it the
    kubelets are asked: pods that are there, and of each container the run before. Both answer in the same form.

    With --follow the kubelets are asked, and then each line is shown as it comes, until Ctrl-C, with what Kubernetes
    says of the pods between them: restarts, warnings, pods that come and go. With --json it is one object a line.

    Examples: `devenv logs alt-backend -f`, `devenv logs --search timeout --since 15m`,
    `devenv logs --level error --json`.
    """
    from devenv.cli import wiring
    from devenv.ui.logs_view import logs_as_json, print_entries, print_logs
    from devenv.workflows.logs import LogsRequest, follow_logs, read_logs

    request = LogsRequest(
        directory,
        search=search,
        since=since,
        stacks=(*(names or ()), *(stack or ())),
        namespaces=tuple(namespace or ()),
        pod=pod,
        level=level,
        limit=limit,
    )
    with wiring.run_session("logs") as session:
        if follow:
            with follow_logs(request, session) as entries:
                print_entries(entries, as_json=as_json)
            return
        found = read_logs(request, session)
    if as_json:
        typer.echo(logs_as_json(found))
    else:
        print_logs(found)
