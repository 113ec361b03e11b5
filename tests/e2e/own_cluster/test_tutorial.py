"""The tutorial, as a newcomer follows it: each command, each file, and what the page says that is printed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.environment import Project, alone, state_of_its_own
from support.guides import Command, Written, steps

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).parents[3] / "docs" / "tutorial.md"
PRODUCT, PORT = "journal", ":8080"
OWN = "devenv-e2e-journal"
"""In place of the tutorial's name, so that nobody's own is in the way."""
_SECONDS = 60
"""For what comes a moment after a command: the worker's count, a round of `devenv dev`."""


class Reader:
    """Somebody with two terminals."""

    def __init__(self, home: Path, env: Mapping[str, str]) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._env = env
        self._environ = {**os.environ, **env, "PATH": path}
        self.folder = home
        self._port = PORT
        self._second: subprocess.Popen[str] | None = None

    def follow(self, step: Command | Written) -> None:
        """Do what the page says."""
        if isinstance(step, Written):
            file = self.folder / step.file
            before = file.read_text() if step.at_the_end else ""
            file.write_text(before + step.text)
        elif step.stays:
            self._begin(step)
        elif step.line.startswith("cd "):
            self.folder /= self._named(step.line.removeprefix("cd "))
        else:
            self._type(step)

    def _named(self, text: str) -> str:
        return text.replace(PRODUCT, OWN).replace(PORT, self._port)

    def _type(self, step: Command) -> None:
        wanted = Command(self._named(step.line), tuple(self._named(line) for line in step.prints))
        end = time.monotonic() + _SECONDS
        while True:
            done = self._run(wanted.line)
            if done.returncode == 0 and wanted.is_answered_by(done.stdout):
                break
            told = f"$ {wanted.line}\n{done.stdout}\n{done.stderr}\nand not: {wanted.prints}"
            # Only questions are asked again: everything else is to work at once.
            assert wanted.line.startswith(("curl http", "devenv logs")), told
            assert time.monotonic() < end, told
            time.sleep(0.5)
        if wanted.line == "devenv up":
            url = Project(self.folder, self._env).endpoint("api")
            self._port = f":{url.rpartition(':')[2]}"

    def _run(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", line],
            cwd=self.folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def _begin(self, step: Command) -> None:
        self._second = subprocess.Popen(
            shlex.split(step.line),
            cwd=self.folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._second.stdout
        seen = ""
        for line in self._second.stdout:
            seen += line
            if step.is_answered_by(seen):
                return
        raise AssertionError(f"$ {step.line}\n{seen}")

    def press_ctrl_c(self) -> None:
        """In the second terminal, if something goes on there."""
        if self._second:
            self._second.send_signal(signal.SIGINT)
            self._second.communicate(timeout=_SECONDS)
            self._second = None


@pytest.fixture
def reader(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    env = state_of_its_own(tmp_path_factory)
    before = Project(tmp_path_factory.mktemp("before"), env)
    before.write_spec({"project": OWN, "stacks": [{"name": "namespaces"}]})
    with alone(before):
        made = Reader(tmp_path, env)
        yield made
        made.press_ctrl_c()


def test_the_tutorial_works_as_it_is_written(reader: Reader) -> None:
    chapters = PAGE.read_text().split("\n## ")
    for chapter in chapters:
        for step in steps(chapter):
            reader.follow(step)
        reader.press_ctrl_c()
    assert sum(len(list(steps(chapter))) for chapter in chapters) > len(chapters)
