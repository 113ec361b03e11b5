"""What belongs to a database server, found in migrations and seeds: told before anything is installed.

Migrations run on the pristine database and on the live one, seeds whenever the pristine one is rebuilt. What is in the
database is made anew each time; a role is there already. So it has to be made in a form that may be applied again.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.sql_statements import COPY, Statement, statements

_ROLES = r"ROLE|USER|GROUP"
_SUSPECT = re.compile(
    rf"\b(?:create|drop)\s+(?:or\s+replace\s+)?(?:{_ROLES}|DATABASE|TABLESPACE)\b|^\\c", re.IGNORECASE | re.MULTILINE
)
"""Whatever lacks it need not be taken apart."""
_OF_PSQL = re.compile(r"^\\|\bfrom\s+stdin\b", re.IGNORECASE | re.MULTILINE)
_AS_SEED = "move it to the seeds, which psql applies; or dump with: pg_dump --inserts"
_MADE = re.compile(rf"CREATE\s+(?P<kind>{_ROLES})\s+(?!MAPPING\b)(?!IF\s+NOT\s+EXISTS\b)(?P<name>\S+)", re.IGNORECASE)
_DROPPED = re.compile(rf"DROP\s+(?P<kind>{_ROLES})\s+(?!MAPPING\b)(?!IF\s+EXISTS\b)(?P<name>\S+)", re.IGNORECASE)
_WHOLE = re.compile(
    r"(?P<what>(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE))\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?P<name>\S+)", re.IGNORECASE
)
_CONNECT = re.compile(r"\\c(?:onnect)?(?:\s|\Z)")


def server_object_problems(path: Path, text: str, engine: str) -> Iterator[Problem]:
    """Statements of a file that cannot be applied a second time, because what they make or drop is the server's."""
    if _SUSPECT.search(text):
        for statement in statements(text, engine):
            if found := _problem(statement, engine):
                yield Problem(path, statement.line, "", *found)


def atlas_problems(path: Path) -> Iterator[Problem]:
    """What psql takes and Atlas does not: it hands each statement of a migration to the server as it stands."""
    content = path.read_bytes()
    text = content.decode(errors="replace")
    if content.startswith(BOM_UTF8):
        hint = rf"sed -i '1s/^\xEF\xBB\xBF//' {path} && devenv db hash"
        yield Problem(path, 1, "", "the file begins with a byte order mark, which Atlas takes for SQL", hint)
    if _OF_PSQL.search(text):
        for statement in statements(text, "postgres"):
            if statement.text.startswith("\\"):
                message = f"{statement.text.split()[0]} is a command of psql, which does not apply migrations"
                yield Problem(path, statement.line, "", message, _AS_SEED)
            elif COPY.match(statement.text):
                yield Problem(path, statement.line, "", "rows cannot follow COPY in a migration", _AS_SEED)


def _problem(statement: Statement, engine: str) -> tuple[str, str] | None:
    if match := _MADE.match(statement.text):
        return _told(match, "which is there already the second time"), _made_once(match, statement, engine)
    if match := _DROPPED.match(statement.text):
        hint = f"DROP {match['kind'].upper()} IF EXISTS {match['name']};"
        return _told(match, "where it is gone the second time"), hint
    if engine == "postgres" and (match := _WHOLE.match(statement.text)):
        what = " ".join(match["what"].upper().split())
        message = f"{what} {match['name']} is about the server, not about this database"
        return message, "take it out (pg_dump writes it with --create); by hand: devenv db shell"
    if engine == "postgres" and _CONNECT.match(statement.text):
        message = f"{statement.text} leads to another database: a script is applied to the one that devenv chooses"
        return message, "take it out (pg_dump writes it with --create)"
    return None


def _told(match: re.Match[str], why: str) -> str:
    verb = match[0].split()[0].upper()
    return f"{verb} {match['kind'].upper()} {match['name']}: the file is applied to two databases of one server, {why}"


def _made_once(match: re.Match[str], statement: Statement, engine: str) -> str:
    text = " ".join(statement.text.split())
    if engine != "postgres":
        kind = match["kind"]
        return f"{text[: match.start('kind')]}{kind} IF NOT EXISTS{text[len('CREATE ') + len(kind) :]};"
    return f"DO $$ BEGIN {text}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;"
