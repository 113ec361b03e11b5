"""Applies seed files to the spare databases, where no application sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from redis.exceptions import ResponseError

from devenv.databases.redis.commands import Command, QuotingError, commands
from devenv.databases.redis.layout import CONTROL, LIVE, SPARE
from devenv.databases.redis.server import Call, Server
from devenv.databases.statements import seed_failed, seed_text

_REFUSED_GROUPS = ("dangerous", "admin", "blocking", "connection", "transaction", "pubsub")
"""Categories of the server's access control whose commands reach beyond the seeded data or wait."""
_HARMLESS = {"restore", "sort", "keys", "xreadgroup"}
_ELSEWHERE = {"move", "swapdb", "fcall", "eval", "evalsha", "function"}
"""Commands that name another database, or whose effect is not of a logical database."""


def apply_seeds(server: Server, files: Sequence[Path]) -> list[Call]:
    """Run the files' commands; `SELECT n` leads to the spare of database n.

    Returns:
        The `FUNCTION LOAD` commands, which concern the whole server and are not run here.

    Raises:
        DatabaseError: a command was refused, or has no place in a seed file.
    """
    refused = _refused(server)
    functions: list[Call] = []
    try:
        for path in files:
            server.call("SELECT", SPARE)
            for command in _commands(path):
                if command.name == "function" and command.words[1:2] and command.words[1].lower() == b"load":
                    functions.append(command.words)
                else:
                    _apply(server, path, command, refused)
    finally:
        server.call("SELECT", CONTROL)
    return functions


def _commands(path: Path) -> list[Command]:
    try:
        return list(commands(seed_text(path)))
    except QuotingError as error:
        message, line = error.args
        raise seed_failed(path, line, "", message) from error


def _apply(server: Server, path: Path, command: Command, refused: frozenset[str]) -> None:
    if command.name == "select":
        words: Call = ("SELECT", SPARE + _database(path, command))
    elif command.name in refused or (command.name == "copy" and b"db" in (word.lower() for word in command.words[3:])):
        raise seed_failed(path, command.line, command.text, f"{command.name} has no place in a seed file")
    else:
        words = command.words
    try:
        server.call(*words)
    except ResponseError as error:
        raise seed_failed(path, command.line, command.text, str(error)) from error


def _database(path: Path, command: Command) -> int:
    wanted = command.words[1].decode(errors="replace") if len(command.words) > 1 else ""
    if not wanted.isdecimal() or int(wanted) >= LIVE:
        raise seed_failed(path, command.line, command.text, f"a database from 0 to {LIVE - 1} is expected")
    return int(wanted)


def _refused(server: Server) -> frozenset[str]:
    groups = server.each([("ACL", "CAT", group) for group in _REFUSED_GROUPS])
    named = {name.decode().lower() for group in groups for name in group}
    return frozenset((named | _ELSEWHERE) - _HARMLESS)
