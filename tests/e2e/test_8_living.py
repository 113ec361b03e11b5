"""Living with services: their logs as they come, a shell in them, ports that lead there, a pod for one command."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from support.environment import Project
from support.waiting import await_answer, await_true

from devenv.adapters.through_traefik import client

pytestmark = pytest.mark.e2e
BACKEND = "alt-backend"


class Followed:
    """A command that goes on, and its lines as JSON."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)

    def await_line(self, words: str) -> dict[str, Any]:
        """The next line with these words; those before it are left out."""
        while words not in (line := self._lines.get(timeout=60)):
            continue
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def goes_on(project: Project, *arguments: str) -> Iterator[Followed]:
    """A command until Ctrl-C, after which it ends by itself and well."""
    process = project.start(*arguments)
    try:
        yield Followed(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_lines_come_as_they_are_written_over_a_restart_of_the_pods(environment: Project) -> None:
    follow = ("logs", BACKEND, "--follow", "--since", "1s", "--json")
    with client(environment.endpoint("api")) as api, goes_on(environment, *follow) as logs:
        api.post("items", content="{q")
        first = logs.await_line("invalid character 'q'")
        assert (first["stack"], first["container"]) == (BACKEND, BACKEND)

        environment.devenv("restart", BACKEND)
        assert logs.await_line("the pod is new")["container"] == ""
        api.post("items", content="{z")
        second = logs.await_line("invalid character 'z'")
        assert second["pod"] != first["pod"]


def test_ports_lead_to_the_next_pod_when_one_is_gone(environment: Project) -> None:
    with goes_on(environment, "forward", BACKEND, "--json") as forward:
        told = forward.await_line("leads to")["message"]
        url = f"http://{told.split()[0]}/"
        assert httpx2.get(url, timeout=10).status_code == 200

        environment.devenv("restart", BACKEND)
        forward.await_line("takes its place")
        # kubectl listens again a moment later.
        await_answer(lambda: httpx2.get(url, timeout=10).raise_for_status(), httpx2.TransportError)


def test_a_command_has_a_pod_of_its_own_with_what_the_service_has_and_its_status_is_passed_on(
    environment: Project,
) -> None:
    def pods() -> list[str]:
        """Those of this service: what others' are about is theirs."""
        found = environment.kubectl("get", "pods", "--all-namespaces", "--output", "name").split()
        return [name for name in found if name.startswith("pod/traefik-")]

    before = pods()
    assert len(before) == 1
    done = environment.devenv("run", "traefik", "--", "traefik", "version")
    assert "Version:" in done.stdout
    refused = environment.devenv("run", "traefik", "--", "traefik", "no-such-command", expect=1)
    assert "no-such-command" in refused.stdout + refused.stderr
    missing = environment.devenv("run", "traefik", "--", "no-such-program", expect=1)
    assert "no-such-program" in missing.stderr
    # The last one may take a moment to end.
    await_true(lambda: pods() == before)
    assert environment.status()["ready"]


def test_a_shell_is_in_the_service_and_reads_a_script(environment: Project) -> None:
    name = environment.devenv("shell", "postgres", script="hostname; exit 7\n", expect=7).stdout.strip()
    assert name == "postgres-0"
    version = environment.devenv("shell", "traefik", "--", "traefik", "version").stdout
    assert "Version:" in version
    no_shell = environment.devenv("shell", BACKEND, expect=1)
    assert "has no shell" in no_shell.stderr


@pytest.mark.parametrize("command", [["shell"], ["run"], ["forward"], ["logs"]])
def test_what_there_is_not_is_told_with_what_there_is(environment: Project, command: list[str]) -> None:
    more = ["--", "env"] if command in (["shell"], ["run"]) else []
    refused = environment.devenv(*command, "alt-backnd", *more, expect=2)
    assert "alt-backnd is no stack of this project" in refused.stderr
    assert BACKEND in refused.stderr
