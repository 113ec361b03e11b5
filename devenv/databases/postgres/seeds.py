"""Seed files through psql, PostgreSQL's own client, in the server's container.

What psql takes is taken: rows after `COPY … FROM stdin`, its commands, what pg_dump writes. Each file has a session of
its own, so no setting leaks into the next. Files that they include or copy from are those of the seeds' folder.
"""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.databases.address import Address
from devenv.databases.inside import Execute
from devenv.databases.statements import seed_failed
from devenv.errors import DatabaseError

_PROGRAM = r"""
IFS= read -r PGPASSWORD
export PGPASSWORD PGCLIENTENCODING=UTF8 PGAPPNAME=devenv
user=$1 database=$2
shift 2
folder=$(mktemp -d) || exit
trap 'rm -rf "$folder"' EXIT
cd "$folder" && tar -xf - || exit
for file; do
  psql --no-psqlrc --quiet --no-password --echo-errors --set ON_ERROR_STOP=1 --username "$user" --dbname "$database" \
    --file "$file" < /dev/null > /dev/null || exit
done
"""
"""The password is on the first line of its input, the files are the rest."""
_PLACE = re.compile(r"^psql:(?P<file>.*?):(?P<line>\d+): (?P<kind>\S+): +", re.MULTILINE)
_STATEMENT = "STATEMENT"
_DETAIL = re.compile(r"^[A-Z]+:  ", re.MULTILINE)
_EXCERPT = re.compile(r"^LINE \d+: .*\n *\^\n?", re.MULTILINE)
_COPIED = re.compile(r"^CONTEXT:  COPY [^\n]*?, line (\d+)", re.MULTILINE)
_COMMENT = re.compile(r"(?:\s+|/\*(?:[^*]|\*(?!/))*\*/|--[^\n]*\n)+")
_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class _Failure:
    """What psql says of the statement at which it stopped."""

    file: str
    last_line: int
    """Where the statement ends, or the rows that come after it."""
    cause: str
    detail: str
    statement: str


def apply_files(execute: Execute, address: Address, database: str, files: Sequence[Path]) -> None:
    """Apply files to a database, one after the other, up to the first that fails.

    Raises:
        DatabaseError: a statement was refused, reported with file and line, or there is no psql.
    """
    top = Path(os.path.commonpath([path.parent for path in files]))
    names = [path.relative_to(top).as_posix() for path in files]
    argv = ["sh", "-c", _PROGRAM, "sh", address.user, database, *names]
    ended = execute(argv, address.password.encode() + b"\n" + _packed(top))
    if ended.status == 0:
        return
    failure = _failure(ended.stderr.replace("\r\n", "\n"))
    if failure is None:
        raise DatabaseError(
            f"psql could not apply the seeds of {address.name}",
            context={"exit status": str(ended.status), "last lines": ended.stderr.strip()[-_SHOWN:]},
            hint="the database's container needs sh, tar and psql",
        )
    raise _refused(top / failure.file, failure)


def _packed(top: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", dereference=True) as archive:
        archive.add(top, arcname=".")
    return packed.getvalue()


def _failure(said: str) -> _Failure | None:
    """The last error: notices and warnings come before it."""
    places = [place for place in _PLACE.finditer(said) if place["kind"] != "NOTICE"]
    place = next((place for place in reversed(places) if place["kind"] != _STATEMENT), None)
    if place is None:
        return None
    follows = next((other for other in places if other.start() > place.start()), None)
    text = said[place.end() : follows.start() if follows else None]
    details = _DETAIL.search(text)
    excerpt = _EXCERPT.search(text)
    end = min(found.start() for found in (details, excerpt) if found) if details or excerpt else len(text)
    detail = _EXCERPT.sub("", text[end:]).strip()
    statement = said[follows.end() :] if follows and follows["kind"] == _STATEMENT else ""
    return _Failure(place["file"], int(place["line"]), text[:end].strip(), detail, statement.rstrip("\n"))


def _refused(path: Path, failure: _Failure) -> DatabaseError:
    text = path.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n") if path.is_file() else ""
    statement = failure.statement
    if comment := _COMMENT.match(statement):
        statement = statement[comment.end() :]
    end_of_line = len("\n".join(text.split("\n")[: failure.last_line]))
    # psql says where a statement ends; one that it has put variables into is not in the file.
    begin = text.rfind(statement, 0, end_of_line) if statement else -1
    line = text.count("\n", 0, begin) + 1 if begin >= 0 else failure.last_line
    copied = _COPIED.search(failure.detail)
    if copied and begin >= 0:
        line += statement.count("\n") + int(copied[1])
    return seed_failed(path, line, statement, failure.cause, detail=failure.detail)
