"""Making spares in the background: what the next reset takes is nothing that the present one has to wait for.

Run as a program of its own, since the command that resets ends before: `python -m devenv.databases.spares`, with the
databases' addresses on its standard input, where no list of processes shows their passwords. A reset that comes
meanwhile waits for it; a reset that finds no spare, because this program was ended, makes one itself.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from devenv.adapters.files.paths import host_state_dir
from devenv.adapters.process import start_module
from devenv.databases.address import Address
from devenv.databases.engines import open_database
from devenv.errors import DevenvError


def start_making(addresses: Sequence[Address]) -> None:
    """Start it for these databases and go on. Its last words are in the state folder's `databases/spares.log`."""
    given = json.dumps([asdict(address) for address in addresses]).encode()
    start_module(__name__, log=host_state_dir("databases") / "spares.log", stdin=given)


def make(addresses: Sequence[Address]) -> list[str]:
    """Make the spares of all databases at once; returns what went wrong, in words."""

    def one(address: Address) -> str:
        try:
            with open_database(address) as database:
                database.make_spare()
        except DevenvError as error:
            return f"{address.engine} {address.name}: {error.message}"
        return ""

    with ThreadPoolExecutor(max(len(addresses), 1)) as pool:
        return [problem for problem in pool.map(one, addresses) if problem]


def main() -> None:
    """Make what standard input names; the exit status says whether all are made."""
    problems = make([Address(**given) for given in json.load(sys.stdin)])
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201 -- a program of its own, whose outputs are its log
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
