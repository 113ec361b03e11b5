"""Every client of ours against real servers, in a process whose environment is full of traps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pytest
from support.http_server import Server
from support.images import provide
from support.mysql_server import mysql_server
from support.nats_server import nats_server
from support.postgres_server import postgres_server
from support.redis_server import redis_server
from support.traps import trapped

from devenv.adapters.docker import Engine

pytestmark = pytest.mark.engine
PROGRAM = """
import json, sys
from pathlib import Path
from devenv.adapters.process.variables import leave_behind

leave_behind()  # as the command line's first step does

from devenv.adapters.docker import Engine
from devenv.adapters.tools.download import fetch_text
from devenv.adapters.files.paths import data_root
from devenv.adapters.process import run
from devenv.databases.address import Address
from devenv.localstack.program import load_program
from devenv.databases.mysql import server as mysql
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.postgres import connection as postgres
from devenv.databases.redis.server import Server as RedisServer
from devenv.images.catalogue.registries import Registries

told = json.loads(sys.argv[1])
where = {name: Address(**fields) for name, fields in told["addresses"].items()}
assert postgres.connect(where["postgres"], "shop").execute("SHOW TimeZone").fetchone() != ("trap",)
assert mysql.connect(where["mysql"]).ping() is None
assert RedisServer.connect(where["redis"]).call("PING") == b"PONG"
with open_database(where["nats"]):
    pass
assert Engine.connect().version().id
assert fetch_text(told["web"] + "/text") == "text"
host = told["web"].removeprefix("http://")
assert Registries(scheme="http").answering([host]) == {host: True}
aws = load_program(data_root() / "localstack-init/seed.py").Aws(told["web"], "localstack.alt.localhost")
assert aws.client("s3").list_buckets()["Buckets"] == []
for command in (["docker", "version"], ["git", "--version"], ["/bin/bash", "-c", "true"]):
    run(command)
assert "=trap" not in run(["env"]).stdout
print("every client")
"""


def test_no_client_takes_what_is_not_meant_for_it(engine: Engine, labels: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    for folder in (home, tmp_path / "mysql", tmp_path / "nats"):
        folder.mkdir()
    with ExitStack() as stack:
        named = {name: {**labels, "devenv.io/test-server": name} for name in ("postgres", "redis", "mysql", "nats")}
        images = {name: provide(name, engine) for name in named}
        postgres = stack.enter_context(postgres_server(engine, images["postgres"], named["postgres"]))
        servers = {
            "redis": redis_server(engine, images["redis"], named["redis"]),
            "mysql": mysql_server(engine, images["mysql"], named["mysql"], tmp_path / "mysql"),
            "nats": nats_server(engine, images["nats"], named["nats"], tmp_path / "nats"),
        }
        addresses = {name: stack.enter_context(server) for name, server in servers.items()}
        addresses["postgres"] = postgres.address
        web, traps = stack.enter_context(Server()), stack.enter_context(trapped(home))
        web.serve("/text", b"text")
        web.serve("/v2/", b"{}")
        web.serve("/", b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>")
        reported = {"web": web.url, "addresses": {name: asdict(address) for name, address in addresses.items()}}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, json.dumps(reported)],
            env={**os.environ, **traps.variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode, done.stdout) == (0, "every client\n"), done.stderr
        assert traps.calls == []
