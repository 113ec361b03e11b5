"""Every alert of the built-in stacks tells what to do, by a command that there is."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer
import yaml

from devenv.adapters.files.paths import data_root
from devenv.cli.app import app

STACKS = data_root() / "stacks"
COMMANDS = set(typer.main.get_group(app).commands)
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for file in sorted(STACKS.glob("*/*/chart/rules/*.yaml"))
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
TESTS = "\n".join(file.read_text() for file in STACKS.glob("*/*/rules-tests/*.yaml"))


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_is_wrong_and_names_a_command_that_there_is(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    named = re.findall(r"`devenv ([a-z-]+)", rule["annotations"]["runbook"])
    assert named, "a runbook names a command of devenv"
    assert set(named) <= COMMANDS


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_is_tested(name: str) -> None:
    assert re.search(rf"\b{name}\b", TESTS)
