"""Commands that hand all that follows to another program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from devenv.adapters.process import run
from devenv.cli.app import app
from devenv.cli.arguments import hint_at_options
from devenv.cli.verbatim import Verbatim


def table() -> tuple[typer.Typer, list[list[str]]]:
    """A command line with such a command, and what it was given."""
    made, given = typer.Typer(), list[list[str]]()

    @made.callback()
    def root() -> None:
        """More than one command."""

    def tool(context: typer.Context) -> None:
        given.append(context.args)

    made.command("tool", cls=Verbatim)(tool)
    hint_at_options(made)
    return made, given


@pytest.mark.parametrize(
    "typed",
    [
        [],
        ["--help"],
        ["-h"],
        ["get", "pods", "-A", "-o", "json", "--json"],
        ["exec", "pod", "--", "sh", "-c", "echo 'a  b' --"],
        ["-C", "--directory=x", ""],
        ["--version"],
    ],
)
def test_no_argument_is_read_left_out_or_reordered(typed: list[str]) -> None:
    made, given = table()
    done = CliRunner().invoke(made, ["tool", *typed])
    assert (done.exit_code, given) == (0, [typed])


def test_two_dashes_may_stand_before_all_as_in_other_commands() -> None:
    made, given = table()
    done = CliRunner().invoke(made, ["tool", "--", "-C", "--", ""])
    assert (done.exit_code, given) == (0, [["-C", "--", ""]])


@pytest.mark.parametrize("command", ["kubectl", "helm", "aws"])
def test_the_programs_are_listed_with_what_they_are_for(command: str) -> None:
    shown = CliRunner().invoke(app, ["--help"], prog_name="devenv").stdout
    assert f"  {command}" in shown


@pytest.mark.parametrize("command", [["kubectl", "get", "pods"], ["helm", "list"], ["aws", "s3", "ls"]])
def test_outside_of_a_project_that_is_said_and_no_other_cluster_is_reached(command: list[str], tmp_path: Path) -> None:
    done = run([sys.executable, "-m", "devenv", *command], cwd=tmp_path, check=False)
    assert (done.status, done.stdout) == (2, "")
    assert "project-not-found" in done.stderr


def test_a_program_takes_the_place_of_this_one_with_its_pipe_and_its_status(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.write_text('#!/bin/sh\necho "$$ $KUBECONFIG $*"\nexit 7\n')
    program.chmod(0o755)
    script = (
        "import os, sys; from devenv.cli.verbatim import become; from devenv.workflows.tool_call import ToolCall;"
        "print(os.getpid()); become(ToolCall((sys.argv[1], 'a b', '--'), {'KUBECONFIG': '/own'}))"
    )
    done = run([sys.executable, "-c", script, str(program)], env={"KUBECONFIG": "/foreign"}, check=False)
    own, line = done.stdout.splitlines()
    assert line == f"{own} /own a b --"
    assert done.status == 7
    assert os.environ.get("KUBECONFIG") != "/own"
