"""What belongs to a database server, found in migrations and seeds: reported before anything is installed.

Migrations run on the pristine database and on the live one, seeds whenever the pristine one is rebuilt. What is in the
database is made anew each time; a role is there already. So it has to be made in a form that may be applied again.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.sql.statements import COPY, Statement, statements

_ROLES = r"ROLE|USER|GROUP"
_NAMED = {
    "postgres": _ROLES,
    "mysql": r"ROLE|USER|SERVER",
    "clickhouse": r"ROLE|USER|QUOTA|(?:SETTINGS\s+)?PROFILE|NAMED\s+COLLECTION|FUNCTION|WORKLOAD|RESOURCE",
}
"""What is there once for all databases of a server, under a name, and can be made twice where that is written so."""
_OTHERS = {
    "postgres": "DATABASE|TABLESPACE",
    "mysql": r"DATABASE|SCHEMA|(?:UNDO\s+)?TABLESPACE",
    "clickhouse": "DATABASE",
}
"""What no database is made of, however it is written."""
_LOADED = r"(?:AGGREGATE\s+)?FUNCTION(?=\s.*\bSONAME\b)"
"""MySQL's functions of a library: all others are a schema's."""


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


_SUSPECT = {
    engine: re.compile(
        rf"\b(?:create|drop|alter|rename)\s+(?:or\s+replace\s+)?(?:{_NAMED[engine]}|{_OTHERS[engine]})\b|\bsoname\b"
        r"|\bpg_\w*replication_\w+|^\\c",
        re.IGNORECASE | re.MULTILINE,
    )
    for engine in _NAMED
}
"""Whatever lacks it need not be taken apart."""
_OF_PSQL = re.compile(r"^\\|\bfrom\s+stdin\b", re.IGNORECASE | re.MULTILINE)
_AS_SEED = "move it to the seeds, which psql applies; or dump with: pg_dump --inserts"
_MADE = {
    engine: _pattern(
        rf"CREATE\s+(?P<again>OR\s+REPLACE\s+)?(?P<kind>{kinds}{'|' + _LOADED if engine == 'mysql' else ''})"
        r"\s+(?!MAPPING\b)(?!IF\s+NOT\s+EXISTS\b)(?P<name>[^\s('\"]+|\S+)"
    )
    for engine, kinds in _NAMED.items()
}
_DROPPED = {
    engine: _pattern(rf"DROP\s+(?P<kind>{kinds})\s+(?!MAPPING\b)(?!IF\s+EXISTS\b)(?P<name>\S+)")
    for engine, kinds in _NAMED.items()
}
_RENAMED = {
    engine: _pattern(
        r"RENAME\s+(?P<kind>USER)\s+(?P<name>\S+)"
        if engine == "mysql"
        else rf"ALTER\s+(?P<kind>{kinds})\s+(?!IF\s+EXISTS\b)(?P<name>\S+)\s+RENAME\s+TO\b"
    )
    for engine, kinds in _NAMED.items()
}
_WHOLE = {
    engine: _pattern(
        rf"(?P<what>(?:CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?:{kinds}))\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?P<name>\S+)"
    )
    for engine, kinds in _OTHERS.items()
}
_BLOCK = _pattern(r"DO\s.*?(?P<quote>\$\w*\$|')(?P<body>.*)(?P=quote)")
"""PostgreSQL's block, which is run at once; bodies of functions are not."""
_GUARD = _pattern(r"\bEXCEPTION\s+WHEN\b|\bpg_(?:roles|authid|user|group|shadow)\b|\bto_regrole\b")
_VERB = _pattern(r"\b(?:CREATE|DROP|ALTER)\b")
_SLOT = _pattern(
    r"(?:SELECT|WITH|DO)\b.*?\b(?P<call>pg_(?:(?:create|copy)_(?:logical|physical)_replication_slot|drop_replication_slot"
    r"|replication_origin_(?:create|drop)))\s*\("
)
_SLOT_GUARD = _pattern(r"\bpg_replication_(?:slots|origin)\b|\bEXCEPTION\s+WHEN\b")
_VERSIONED = _pattern(r"/\*M?!\d*(?P<code>.*?)\*/")
"""A comment that is code to MySQL and MariaDB."""
_TAKE_OUT = {
    "postgres": "take it out (pg_dump writes it with --create); by hand: devenv db shell",
    "mysql": "take it out (mysqldump writes it with --databases); by hand: devenv db shell",
    "clickhouse": "take it out; by hand: devenv db shell",
}
_NOT_MADE = "(not in the stack mysql, whose migrations reach their own schema alone)"
_MADE_APART = "(in the stack mysql, whose migrations may not: take it out, and name it in the value accounts)"
_CONNECT = re.compile(r"\\c(?:onnect)?(?:\s|\Z)")


def server_object_problems(path: Path, text: str, engine: str) -> Iterator[Problem]:
    """Statements of a file that cannot be applied a second time, because what they make or drop is the server's."""
    if _SUSPECT[engine].search(text):
        if engine == "mysql":
            text = _VERSIONED.sub(lambda comment: comment["code"].rjust(len(comment[0]) - 2) + "  ", text)
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
    text = statement.text
    if found := _of_names(text, engine):
        return found
    if match := _WHOLE[engine].match(text):
        what = " ".join(match["what"].upper().split())
        return f"{what} {match['name']} is about the server, not about this database", _TAKE_OUT[engine]
    return _of_postgres(text) if engine == "postgres" else None


def _of_names(text: str, engine: str) -> tuple[str, str] | None:
    if match := _MADE[engine].match(text):
        if not match["again"]:
            return _message(match, "which is there already the second time"), _made_once(match, text, engine)
        if engine == "mysql" and match["kind"].upper() in {"ROLE", "USER"}:
            return _message(match, "which loses what it was granted the second time"), _made_once(match, text, engine)
    if match := _DROPPED[engine].match(text):
        hint = f"DROP {match['kind'].upper()} IF EXISTS {match['name']};"
        return _message(match, "where it is gone the second time"), hint
    if match := _RENAMED[engine].match(text):
        return _message(match, "where that name is gone the second time"), _renamed_once(match, text, engine)
    return None


def _of_postgres(text: str) -> tuple[str, str] | None:
    if _CONNECT.match(text):
        message = f"{text} leads to another database: a script is applied to the one that devenv chooses"
        return message, "take it out (pg_dump writes it with --create)"
    if (match := _SLOT.match(text)) and not _SLOT_GUARD.search(text):
        message = f"{match['call']} is about the server: the file is applied to two of its databases"
        return message, "add: WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = …)"
    if (block := _BLOCK.match(text)) and not _GUARD.search(block["body"]):
        for begin in _VERB.finditer(block["body"]):
            if found := _of_names(block["body"][begin.start() :].partition(";")[0], "postgres"):
                return found
    return None


def _message(match: re.Match[str], why: str) -> str:
    verb = match[0].split()[0].upper()
    kind = " ".join(match["kind"].upper().split())
    return f"{verb} {kind} {match['name']}: the file is applied to two databases of one server, {why}"


def _made_once(match: re.Match[str], text: str, engine: str) -> str:
    kind, rest = match["kind"], " ".join(text[match.end("kind") :].split())
    if engine == "postgres":
        return _guarded(text, "duplicate_object OR unique_violation")
    again = f"{text.split(maxsplit=1)[0]} {kind} IF NOT EXISTS {rest};"
    if kind.upper() == "SERVER":
        again = f"DROP SERVER IF EXISTS {match['name']}; CREATE SERVER {rest};"
    if engine == "mysql":
        return f"{again} {_MADE_APART if kind.upper() in {'ROLE', 'USER'} else _NOT_MADE}"
    return again


def _renamed_once(match: re.Match[str], text: str, engine: str) -> str:
    if engine == "postgres":
        return _guarded(text, "undefined_object OR duplicate_object")
    if engine == "mysql":
        return _TAKE_OUT[engine]
    kind, rest = match["kind"], " ".join(text[match.end("kind") :].split())
    return f"ALTER {kind} IF EXISTS {rest};"


def _guarded(text: str, errors: str) -> str:
    return f"DO $$ BEGIN {' '.join(text.split())}; EXCEPTION WHEN {errors} THEN NULL; END $$;"
