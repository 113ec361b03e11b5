"""Every command in an environment that is full of traps: variables and files that are meant for other things."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.environment import Project
from support.traps import trapped

pytestmark = pytest.mark.e2e
COMMANDS = (
    "status",
    "up --yes",
    "db status",
    "db url",
    "reset-db --yes",
    "images",
    "validate",
    "tools",
    "engine",
    "load redis",
    "status",
)


def test_no_command_takes_what_is_not_meant_for_it(environment: Project, tmp_path: Path) -> None:
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    with trapped(tmp_path) as traps:
        project = Project(environment.root, {**environment.env, **traps.variables, "XDG_CACHE_HOME": cache})
        for command in COMMANDS:
            project.devenv(*command.split(), timeout=300)
        assert traps.calls == []
