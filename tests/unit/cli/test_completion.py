"""What a shell offers behind an option or argument that takes a name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.adapters.files.paths import data_root

EXAMPLE = data_root() / "examples" / "alt"


def offered(line: str, directory: Path = EXAMPLE, form: str = "bash") -> list[str]:
    """The words that the program answers to a shell for a line that ends where the tab key is pressed."""
    *words, _last = line.split(" ")
    asked = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words))},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[form]
    environment = {**os.environ, **asked, "_DEVENV_COMPLETE": f"complete_{form}"}
    done = subprocess.run(
        [sys.executable, "-m", "devenv"], env=environment, cwd=directory, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("devenv up --only po", ["postgres"]),
        ("devenv restart alt", ["alt-backend"]),
        ("devenv reset-db ", ["postgres"]),
        ("devenv reset-db postgres ", []),
        ("devenv build ", ["alt-backend"]),
        ("devenv db url p", ["postgres"]),
        ("devenv add na", ["namespaces", "nats"]),
        ("devenv add postgres", []),
    ],
)
def test_a_name_is_completed_from_the_project_of_the_folder(line: str, names: list[str]) -> None:
    assert offered(line) == names


def test_every_shell_gets_the_names_in_its_own_form() -> None:
    assert offered("devenv restart alt", form="fish")[0] == "alt-backend"
    assert '"alt-backend"' in " ".join(offered("devenv restart alt", form="zsh"))


def test_layers_and_endpoints_are_names_too() -> None:
    assert offered("devenv up --layer 04") == ["04-core-services"]
    assert offered("devenv open api") == ["api", "api-tls"]


def test_a_folder_that_the_line_names_is_the_one_that_is_looked_at(tmp_path: Path) -> None:
    assert offered(f"devenv restart -C {EXAMPLE} alt", tmp_path) == ["alt-backend"]


def test_where_there_is_no_project_or_a_broken_one_nothing_is_offered_and_nothing_printed(tmp_path: Path) -> None:
    assert offered("devenv restart ", tmp_path) == []
    (tmp_path / "devenv.yaml").write_text("project: [")
    assert offered("devenv restart ", tmp_path) == []
    assert offered("devenv db restore ", tmp_path) == []
