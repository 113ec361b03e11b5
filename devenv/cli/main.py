"""The program's entry point: nothing is imported before it is needed, so that `--help` is quick."""

from __future__ import annotations

import gc
import os
import sys

from devenv.adapters.process.variables import leave_behind

_COLLECT_AFTER = 50_000
"""New objects. Imports make some hundred thousand, none of them garbage; looking for it after each 700, as Python does
by itself, takes 25 ms of every command."""


def main() -> None:
    """Run the command line; the process ends with the exit status that docs/errors.md documents."""
    gc.set_threshold(_COLLECT_AFTER)
    environ = dict(os.environ)
    leave_behind()
    from devenv.cli.app import app
    from devenv.cli.boundary import error_boundary

    with error_boundary(as_json="--json" in sys.argv[1:]):
        # What the user's own programs get, as `devenv test` runs one.
        app(prog_name="devenv", obj=environ)
