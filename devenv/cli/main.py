"""The program's entry point: nothing is imported before it is needed, so that `--help` is quick."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the process ends with the exit status that docs/errors.md documents."""
    from devenv.cli.app import app
    from devenv.cli.boundary import error_boundary

    with error_boundary(as_json="--json" in sys.argv[1:]):
        app(prog_name="devenv")
