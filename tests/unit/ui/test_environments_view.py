"""The environments of an engine as a table and as data."""

from __future__ import annotations

import json

import pytest

from devenv.plan.cluster_state import ClusterState
from devenv.ui.environments_view import environments_as_json, print_environments
from devenv.workflows.environments import EnvironmentRow, Port

PORTS = (Port("http", 8080), Port("https", 8443), Port("api", 40001), Port("database", 3306), Port("database", 5432))
SHOP = EnvironmentRow(
    "shop", "/srv/shop", "bob on laptop", ClusterState.RUNNING, 3, PORTS, 1536 << 20, "up", gone=False
)
OLD = EnvironmentRow("old", "/srv/old", "bob on laptop", ClusterState.STOPPED, 1, (), 0, "", gone=True)


def test_a_row_for_each_with_what_is_worth_knowing(capsys: pytest.CaptureFixture[str]) -> None:
    print_environments([OLD, SHOP])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["PROJECT", "STATE", "NODES", "MEMORY", "PORTS", "FOLDER"],
        ["old", "stopped", "1", "-", "-", "/srv/old", "(is", "no", "more)"],
        [
            *("shop", "running", "(devenv", "up", "is", "at", "it)", "3", "1536", "MiB"),
            *("http", "8080,", "https", "8443,", "api", "40001,", "databases", "3306", "5432", "/srv/shop"),
        ],
    ]


def test_none_is_said_with_what_makes_one(capsys: pytest.CaptureFixture[str]) -> None:
    print_environments([])
    assert "devenv up" in capsys.readouterr().out


def test_programs_get_amounts_in_bytes_and_ports_by_role() -> None:
    (row,) = json.loads(environments_as_json([SHOP]))
    assert row == {
        "project": "shop",
        "folder": "/srv/shop",
        "folder_gone": False,
        "owner": "bob on laptop",
        "state": "running",
        "nodes": 3,
        "ports": [{"role": port.role, "port": port.port} for port in PORTS],
        "memory_bytes": 1536 << 20,
        "changed_by": "up",
    }
