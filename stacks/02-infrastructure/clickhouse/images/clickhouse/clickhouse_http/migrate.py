"""`clickhouse-migrate`: a folder of `001_name.sql` files applied to a database, and to a pristine one beside it.

The pristine database is rebuilt from nothing first: a migration that is wrong fails there and has then left the live
one as it was. ClickHouse has no transactions over statements, so the table of versions also records how many statements
of a migration were done: one that failed in the live database goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from clickhouse_http.remote import QueryError, Remote
from clickhouse_http.script import Statement, statements

TABLE = "schema_migrations"
_FILE = re.compile(r"V?(?P<version>\d[\d.]*)_+(?P<name>.+)\.sql")
_CREATE = f"""
CREATE TABLE IF NOT EXISTS {TABLE}
(
    version String,
    name String,
    checksum String COMMENT 'SHA-256 of the file; of the statements that are done while the migration is not finished',
    statements UInt32 COMMENT 'how many are done',
    finished Bool,
    applied DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(applied) ORDER BY version
"""


class MigrationError(Exception):
    """A migration that cannot be applied, told with file and line."""


@dataclass(frozen=True)
class Migration:
    """One file."""

    version: str
    name: str
    path: Path
    content: bytes

    @property
    def checksum(self) -> str:
        """Of the file as it is."""
        return "sha256:" + hashlib.sha256(self.content).hexdigest()

    @property
    def statements(self) -> list[Statement]:
        """What it does."""
        return statements(self.content.decode("utf-8-sig"))


@dataclass(frozen=True)
class Record:
    """What a database knows of a migration."""

    version: str
    checksum: str
    statements: int
    finished: bool


def main() -> int:
    """Rebuild the pristine database, then bring the live one up to date."""
    parser = argparse.ArgumentParser(prog="clickhouse-migrate", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/migrations"))
    parser.add_argument("--database", required=True)
    parser.add_argument("--pristine", required=True)
    parser.add_argument("--only-pristine", action="store_true", help="leave the live one alone, whatever it has")
    options = parser.parse_args()
    server = Remote.from_environment()
    try:
        migrations = read_folder(options.folder)
        live = replace(server, database=options.database)
        pristine = replace(server, database=options.pristine)
        server.query(f"CREATE DATABASE IF NOT EXISTS `{options.database}`")
        records = _records(live)
        if not options.only_pristine:
            check(migrations, records)
        server.query(f"DROP DATABASE IF EXISTS `{options.pristine}` SYNC")
        server.query(f"CREATE DATABASE `{options.pristine}`")
        after = () if options.only_pristine else ((live, records),)
        for database, known in ((pristine, _records(pristine)), *after):
            for migration in migrations:
                _apply(database, migration, known.get(number(migration.version)))
    except (MigrationError, QueryError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def number(version: str) -> tuple[int, ...]:
    """Versions are numbers with dots: 001 and 1 are one."""
    return tuple(int(part) for part in version.split(".") if part)


def read_folder(folder: Path) -> list[Migration]:
    """The migrations of a folder in the order of their versions; raises MigrationError when two have the same."""
    found: dict[tuple[int, ...], Migration] = {}
    for path in sorted(folder.iterdir()):
        if not (match := _FILE.fullmatch(path.name)):
            continue
        if other := found.get(number(match["version"])):
            raise MigrationError(f"{path.name} and {other.path.name} have the same version")
        found[number(match["version"])] = Migration(match["version"], match["name"], path, path.read_bytes())
    return [found[version] for version in sorted(found)]


def check(migrations: list[Migration], records: dict[tuple[int, ...], Record]) -> None:
    """Raise MigrationError when a file is not what was applied, or comes before what was."""
    files = {number(migration.version): migration for migration in migrations}
    wrong = []
    for version, record in records.items():
        migration = files.get(version)
        if migration is None:
            wrong.append(f"{record.version} was applied, and there is no file of it")
        elif record.finished and migration.checksum != record.checksum:
            wrong.append(f"{migration.path.name} is not what was applied")
        elif not record.finished and _prefix(migration, record.statements) != record.checksum:
            wrong.append(f"{migration.path.name} was changed before the statement at which it had failed")
    newest = max((version for version, record in records.items() if record.finished), default=())
    wrong += [
        f"{migration.path.name} comes before migrations that were applied"
        for version, migration in files.items()
        if version not in records and version < newest
    ]
    if wrong:
        raise MigrationError("\n".join(("the database and the migrations do not fit:", *wrong)))


def _records(database: Remote) -> dict[tuple[int, ...], Record]:
    database.query(_CREATE)
    rows = database.query(f"SELECT version, checksum, statements, finished FROM {TABLE} FINAL FORMAT JSONEachRow")
    found = [Record(**json.loads(line)) for line in rows.decode().splitlines()]
    return {number(record.version): record for record in found}


def _apply(database: Remote, migration: Migration, record: Record | None) -> None:
    if record and record.finished:
        return
    done = record.statements if record else 0
    parts = migration.statements
    # What a file sets holds to its end, also where it goes on after a failure, and not for the next one.
    session = uuid.uuid4().hex
    for statement in parts[:done]:
        if statement.sets:
            _run(database, migration, statement, session)
    for statement in parts[done:]:
        _run(database, migration, statement, session)
        done += 1
        if done < len(parts):
            _note(database, Record(migration.version, _prefix(migration, done), done, finished=False), migration.name)
    _note(database, Record(migration.version, migration.checksum, done, finished=True), migration.name)
    print(f"{database.database}: {migration.path.name}", file=sys.stderr)


def _run(database: Remote, migration: Migration, statement: Statement, session: str) -> None:
    try:
        database.query(statement.text, session_id=session)
    except QueryError as error:
        raise MigrationError(
            f"{migration.path.name}, line {statement.line}, database {database.database}: {error}\n{statement.text}"
        ) from error


def _note(database: Remote, record: Record, name: str) -> None:
    row = {"version": record.version, "name": name, "checksum": record.checksum, "statements": record.statements}
    line = json.dumps({**row, "finished": record.finished})
    database.query(f"INSERT INTO {TABLE} (version, name, checksum, statements, finished) FORMAT JSONEachRow\n{line}")


def _prefix(migration: Migration, count: int) -> str:
    done = "\0".join(statement.text for statement in migration.statements[:count])
    return "sha256:" + hashlib.sha256(done.encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
