"""`devenv stop`."""

from __future__ import annotations

from pathlib import Path

from devenv.cli.options import AsJson, Directory, NoWait


def stop(*, directory: Directory = Path(), no_wait: NoWait = False, as_json: AsJson = False) -> None:
    """Give memory and processor back; the environment and its data stay, and `devenv start` brings them back.

    All pods end first, so that databases can save, for some two seconds; then the cluster's containers end. What is
    kept in memory alone is gone, as by any restart: LocalStack comes back with its seeds. A stopped environment stays
    stopped over restarts of the engine and of the machine; one that ran is started again by the engine.

    Examples: `devenv stop`, `devenv stop -C ../other`.
    """
    from devenv.cli import wiring
    from devenv.workflows.stop import stop as run_stop

    with wiring.run_session("stop", as_json=as_json, wait=not no_wait) as session:
        run_stop(directory, session)
