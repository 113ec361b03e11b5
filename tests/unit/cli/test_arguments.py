"""Arguments that a command does not take, as people try them first, and names that no project could have."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from devenv.adapters.files.paths import data_root
from devenv.cli.app import app
from devenv.errors import UsageError
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.clones import clone_pool
from devenv.workflows.db import DatabaseRequest, shell, url
from devenv.workflows.reset_db import ResetRequest, reset_db


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("up postgres", "devenv up --only postgres"),
        ("up --plan -v postgres redis", "devenv up --plan -v --only postgres --only redis"),
        ("up staging", "devenv up --profile staging"),
        ("pull recipes", "devenv pull --images recipes"),
        ("db list postgres", "devenv db list --database postgres"),
        ("db snapshot before mysql", "devenv db snapshot before --database mysql"),
        ("up ..", "devenv up --directory .."),
        ("status postgres", ""),
        ("images prune old", ""),
    ],
)
def test_what_is_no_argument_is_told_as_the_option_that_was_meant(typed: str, meant: str) -> None:
    done = CliRunner().invoke(app, typed.split(), prog_name="devenv")
    assert done.exit_code == 2
    assert "takes no argument" in done.stderr
    assert done.stderr.partition("hint: ")[2].strip() == meant


def test_no_such_database_is_told_before_an_engine_or_a_cluster_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine")
    (tmp_path / "devenv.yaml").write_text("project: shop\nstacks: [{name: postgres}]\n")
    session, request = silent_session(), DatabaseRequest(tmp_path, ("postgers",))
    assert session.data_root == data_root()
    for command in (
        lambda: shell(tmp_path, "postgers", session, on_terminal=False),
        lambda: url(request, session),
        lambda: reset_db(ResetRequest(tmp_path, ("postgres", "postgers")), session),
        lambda: clone_pool(tmp_path, "postgers").__enter__(),
    ):
        with pytest.raises(UsageError) as caught:
            command()
        assert caught.value.message == "postgers is no database of this project"
        assert "postgres" in caught.value.hint
