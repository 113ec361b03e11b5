"""`clickhouse-client`, as far as a developer's shell and a chart's checks use it: queries over HTTP, one by one."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from clickhouse_http.accounts import hide_environment
from clickhouse_http.remote import QueryError, Remote
from clickhouse_http.script import statements


def main() -> int:
    """Run what --query or standard input says, or ask line by line on a terminal."""
    hide_environment()
    options = _options()
    remote = Remote.from_environment(options.database)
    remote = replace(
        remote,
        host=options.host or remote.host,
        user=options.user or remote.user,
        password=remote.password if options.password is None else options.password,
    )
    interactive = options.query is None and sys.stdin.isatty()
    answer_format = options.format or ("PrettyCompactMonoBlock" if interactive else "TabSeparated")
    if interactive:
        return _talk(remote, answer_format)
    # Not as text: the container's locale would have a say in it, and ends of lines would change.
    script = sys.stdin.buffer.read().decode("utf-8-sig") if options.query is None else options.query
    try:
        for statement in statements(script):
            _show(remote, statement.text, answer_format)
    except QueryError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _talk(remote: Remote, answer_format: str) -> int:
    try:
        import readline  # noqa: F401 -- input() then has a history
    except ImportError:
        print("without line editing: Python's readline is not installed", file=sys.stderr)
    try:
        version = remote.query("SELECT version()").decode().strip()
    except QueryError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"ClickHouse {version} over HTTP, user {remote.user}. A statement per line; exit or Ctrl-D ends.")
    while True:
        try:
            line = input(f"{remote.database or 'default'} :) ")
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            print()
            continue
        if line.strip().rstrip(";").lower() in ("exit", "quit"):
            return 0
        for statement in statements(line):
            words = statement.text.split()
            if len(words) > 1 and words[0].upper() == "USE":
                remote = replace(remote, database=words[1].strip('`"'))
                continue
            try:
                _show(remote, statement.text, answer_format)
            except QueryError as error:
                print(error, file=sys.stderr)


def _show(remote: Remote, sql: str, answer_format: str) -> None:
    sys.stdout.buffer.write(remote.query(sql, default_format=answer_format))
    sys.stdout.buffer.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="clickhouse-client", description=__doc__)
    parser.add_argument("--host")
    parser.add_argument("-u", "--user")
    parser.add_argument("--password")
    parser.add_argument("-d", "--database", default="")
    parser.add_argument("-q", "--query")
    parser.add_argument("-f", "--format")
    parser.add_argument("-n", "--multiquery", action="store_true", help="always so")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
