"""`clickhouse-server`: makes the database, runs the files of a first start, then answers until it is told to end."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import waitress

from clickhouse_http.accounts import hide_environment, known_accounts
from clickhouse_http.application import Application
from clickhouse_http.engine import Engine, identifier
from clickhouse_http.metrics import MetricsEndpoint
from clickhouse_http.script import statements

DATA = Path("/var/lib/clickhouse")
INIT = Path("/docker-entrypoint-initdb.d")
PORT = 8123
_THREADS = 64
"""A query occupies one, and probes must find one too."""


def main() -> None:
    """Serve on port 8123, and metrics on the port that the configuration says."""
    hide_environment()
    accounts = known_accounts()
    database = os.environ.get("CLICKHOUSE_DB", "")
    fresh = not (DATA / "metadata").is_dir()
    engine = Engine(DATA)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        if database:
            engine.ask(f"CREATE DATABASE IF NOT EXISTS {identifier(database)}")
        if fresh or os.environ.get("CLICKHOUSE_ALWAYS_RUN_INITDB_SCRIPTS"):
            _initialize(engine)
        _say(f"ClickHouse {engine.ask('SELECT version()')} answers HTTP on port {PORT}")
        told = MetricsEndpoint.configured()
        application = Application(engine, accounts, socket.gethostname(), told)
        waitress.serve(
            application,
            listen=" ".join(f"0.0.0.0:{port}" for port in (PORT, *([told.port] if told else []))),
            threads=_THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
            # select() ends the server at its 1025th file, and tables have many.
            asyncore_use_poll=True,
        )
    finally:
        engine.close()


def _initialize(engine: Engine) -> None:
    for path in sorted(INIT.iterdir()) if INIT.is_dir() else ():
        _say(f"running {path}")
        if path.suffix == ".sql" or path.suffixes[-2:] == [".sql", ".gz"]:
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            for statement in statements(content.decode()):
                engine.ask(statement.text)
        else:
            # Upstream runs scripts beside a server that answers; there is none yet.
            raise SystemExit(f"{path} is no .sql and no .sql.gz: this image runs SQL only")


def _end(_signal: int, _frame: FrameType | None) -> None:
    # waitress takes it as the wish to end: it finishes what it has begun.
    raise SystemExit(0)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
