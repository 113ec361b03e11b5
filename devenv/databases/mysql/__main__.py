"""The process that puts tables in place for `devenv.databases.mysql.switch`: it is told on standard input."""

from __future__ import annotations

import json
import sys
from contextlib import closing

import pymysql

from devenv.databases.database import Address
from devenv.databases.mysql.server import Server
from devenv.databases.mysql.switch import Switch, carry_out
from devenv.errors import DatabaseError


def main() -> None:
    """Do it, unless devenv has died before it was begun."""
    told = json.load(sys.stdin)
    answer: dict[str, object] = {}
    try:
        with closing(Server(Address(**told["address"]))) as server:
            wanted = Switch(**told["switch"])
            # Taken before it is asked whether devenv is still there: who comes after it waits for this one.
            with server.switch_lock(wanted.target):
                if server.holder(wanted.target) == told["holder"]:
                    carry_out(server, wanted)
    except pymysql.Error as error:
        answer = {"refused": [part if isinstance(part, int) else str(part) for part in error.args]}
    except DatabaseError as error:
        answer = {"error": error.message, "context": dict(error.context)}
    print(json.dumps(answer))  # noqa: T201 -- a program of its own


if __name__ == "__main__":
    main()
