"""`devenv start`."""

from __future__ import annotations

from pathlib import Path

from devenv.cli.options import AsJson, Directory, NoWait, Verbose, Yes


def start(
    *,
    directory: Directory = Path(),
    yes: Yes = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Bring a stopped environment back as it was, with its data, and wait until every stack is ready.

    Nothing is compared, built or installed: `devenv up` does the same, and what has changed in your specification
    besides. After a reboot it starts the engine as well, where that does not run and you agree (--yes). On an
    environment that runs, it waits for what is not ready.

    Examples: `devenv start`, `devenv start --yes`.
    """
    from devenv.cli import wiring
    from devenv.workflows.start import StartRequest
    from devenv.workflows.start import start as run_start

    with wiring.run_session("start", as_json=as_json, verbose=verbose, wait=not no_wait) as session:
        run_start(StartRequest(directory, assume_yes=yes), session)
