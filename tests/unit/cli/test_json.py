"""Every command that prints data has --json; these are the few that have none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from support.command import devenv
from typer.main import get_command

from devenv.cli.app import app

WITHOUT = {
    "shell": "hands over to the shell of a container",
    "run": "hands over to a command in a pod",
    "db shell": "hands over to the shell of a database",
    "kubectl": "hands over, --json included",
    "helm": "hands over, --json included",
    "aws": "hands over, --json included",
    "test": "hands over to the tests",
    "env": "has --format, of which one is json",
}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by the words that it is called by."""
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, inner in command.commands.items():
        yield from commands(inner, (*path, name))


def test_every_command_has_json_but_those_of_which_the_reason_is_told() -> None:
    found = dict(commands(get_command(app)))

    without = {name for name, command in found.items() if "--json" not in options(command)}

    assert without == WITHOUT.keys()
    assert len(found) > 40


def test_which_checksums_were_written_is_told_as_data(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1_notes.sql").write_text("CREATE TABLE notes (id int);\n")
    (tmp_path / "migrations" / "atlas.sum").write_text("h1:x\n")
    database = {"engine": "postgres", "migrations": "migrations"}
    (tmp_path / "devenv.yaml").write_text(yaml.safe_dump({"project": "shop", "databases": {"orders": database}}))

    told = [json.loads(devenv("db", "hash", "--json", cwd=tmp_path).stdout) for _ in range(2)]

    assert told == [[{"database": "orders", "written": written}] for written in (True, False)]


def options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}
