"""Putting tables in the place of live ones as a whole, though the server has no one statement for it.

Triggers have to go before their tables can move, and come again when the new ones are there; views and routines that
differ are made anew. A process that is killed in between would leave the live tables without them. So it is done by a
process of its own, in a session of its own: what ends devenv, Ctrl-C or `kill -9`, does not reach it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import pymysql

from devenv.adapters.process import finish_apart
from devenv.databases.mysql import structure
from devenv.databases.mysql.copies import replace
from devenv.databases.mysql.server import Server
from devenv.errors import DatabaseError

_PROGRAM = "devenv.databases.mysql"
"""Run as a module, it does what `switch` tells it."""


@dataclass(frozen=True, slots=True)
class Switch:
    """What is put where; see `devenv.databases.mysql.copies.replace`."""

    target: str
    by: str
    aside: str
    like: str
    marks: str = ""
    """The schema that says what the target was made from; empty where none does."""
    content: str = ""


def switch(server: Server, wanted: Switch) -> None:
    """Do it. The caller holds the target's lock, and its connection goes on being used for nothing else.

    Raises:
        pymysql.Error: the server refused.
        DatabaseError: tables could not be locked.
    """
    if _takes_one_statement(server, wanted):
        carry_out(server, wanted)
        return
    told = {"address": asdict(server.address), "holder": server.id, "switch": asdict(wanted)}
    answer = json.loads(finish_apart(_PROGRAM, json.dumps(told).encode()))
    if "refused" in answer:
        raise pymysql.MySQLError(*answer["refused"])
    if "error" in answer:
        raise DatabaseError(answer["error"], context=answer["context"])


def carry_out(server: Server, wanted: Switch) -> None:
    """Do it in this process, marks included."""
    if wanted.marks:
        # The target is not complete until its triggers and routines are there as well.
        server.drop(wanted.marks)
    replace(server, wanted.target, by=wanted.by, aside=wanted.aside, like=wanted.like)
    if wanted.marks:
        server.create(wanted.marks, like=wanted.target)
        server.set_mark(wanted.marks, wanted.content)


def _takes_one_statement(server: Server, wanted: Switch) -> bool:
    """Whether one RENAME TABLE does it, which the server does as a whole or not at all."""
    if structure.triggers(server, wanted.target) or structure.triggers(server, wanted.like):
        return False
    return structure.programs(server, wanted.target) == structure.programs(server, wanted.like)
