"""`devenv debug`: a debugger that really stops a request in each language, and the service as it was afterwards.

In the environment in which products of the tests take each other's place.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from support.borrowed import services_as_asked_for, state_of
from support.debugged_project import GO, NODE, PYTHON, line_of, write_debugged_project
from support.debuggers import DebugAdapter, Inspector, value_at_breakpoint
from support.dev_loop import Dev
from support.environment import Project, in_its_place
from support.http_clients import answer

from devenv.testing.eventually import eventually

pytestmark = pytest.mark.e2e
LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="module")
def up(place: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("debug") / "debug"
    write_debugged_project(root, place.name)
    with in_its_place(Project(root, place.env)) as made:
        made.devenv("up", "--adopt", "--yes", "--json")
        yield made


@pytest.fixture(scope="module")
def urls(up: Project) -> dict[str, str]:
    return {endpoint["stack"]: endpoint["url"] for endpoint in up.status()["endpoints"]}


@pytest.fixture
def asking(urls: dict[str, str]) -> Iterator[Any]:
    """Asks a service beside the test: the answer comes once the debugger lets it."""
    with ThreadPoolExecutor(1) as pool:

        def ask(stack: str) -> Future[str]:
            return pool.submit(lambda: answer(urls[stack], "").text)

        yield ask


class Debugged:
    """A `devenv debug` that runs."""

    def __init__(self, project: Project, *arguments: str) -> None:
        self._project = project
        self.running = Dev(project.start("debug", *arguments, "--json"))
        self.started = self.running.until("debugger-started")
        self.port = int(self.started["port"])

    @property
    def configuration(self) -> dict[str, Any]:
        """As the editor reads it."""
        text = json.dumps(self.started["configuration"]).replace("${workspaceFolder}", str(self._project.root))
        found: dict[str, Any] = json.loads(text)
        return found

    def end(self) -> None:
        """Ctrl-C, after which it ends well."""
        self.running.process.send_signal(signal.SIGINT)
        assert self.running.process.wait(120) == 0

    def kill(self) -> None:
        self.running.process.kill()
        self.running.process.wait()


@contextmanager
def debugged(project: Project, *arguments: str) -> Iterator[Debugged]:
    made = Debugged(project, *arguments)
    try:
        yield made
    finally:
        made.kill()


def breakpoint_at(adapter: DebugAdapter, attached: Mapping[str, Any], file: str, line: int) -> None:
    adapter.attach(attached)
    where = {"source": {"path": file}, "breakpoints": [{"line": line}]}
    (set_one,) = adapter.request("setBreakpoints", where)["breakpoints"]
    assert set_one["verified"], set_one
    adapter.configured()


def test_a_request_stands_at_a_breakpoint_of_python_and_the_service_is_given_back(up: Project, asking: Any) -> None:
    before = services_as_asked_for(up)
    with debugged(up, "py") as session:
        assert (session.started["language"], session.started["debugger"]) == ("python", "debugpy")
        with DebugAdapter(LOOPBACK, session.port) as adapter:
            line = line_of(PYTHON, "number + 1")
            breakpoint_at(adapter, session.configuration, f"{up.root}/py/server.py", line)
            answered = asking("py")
            assert value_at_breakpoint(adapter, "number") == "41"
            assert answered.result(60) == "42"
            adapter.request("disconnect", {"terminateDebuggee": False})

        # Whoever comes meanwhile leaves it alone.
        assert state_of(up, "py")[0] == "debugged"
        assert up.devenv("up", "--json").last("plan-made")["steps"] == []
        refused = up.devenv("debug", "py", "--json", expect=1).last("error")["error"]
        assert (refused["code"], refused["context"]) == (
            "already-debugged",
            {"process": str(session.running.process.pid)},
        )
        session.end()
    assert services_as_asked_for(up) == before
    # Nothing was changed by hand, as far as anybody can tell.
    assert up.devenv("up", "--verify", "--json").last("plan-made")["steps"] == []
    assert asking("py").result(60) == "42"


def test_what_waits_stands_at_a_breakpoint_before_it_has_begun(up: Project, asking: Any) -> None:
    with debugged(up, "py", "--wait") as session:
        with DebugAdapter(LOOPBACK, session.port) as adapter:
            line = line_of(PYTHON, "signal.signal(")
            breakpoint_at(adapter, session.configuration, f"{up.root}/py/server.py", line)
            assert value_at_breakpoint(adapter, "__name__") == "'__main__'"
            eventually(lambda: asking("py").result(60) == "42")
            adapter.request("disconnect", {"terminateDebuggee": False})
        session.end()


def test_what_a_killed_session_of_go_has_left_is_told_and_taken_over_and_given_back(up: Project, asking: Any) -> None:
    before = services_as_asked_for(up)
    with debugged(up, "go", "--port", "2399") as session:
        assert (session.started["language"], session.port) == ("go", 2399)
        with DebugAdapter(LOOPBACK, session.port) as adapter:
            line = line_of(GO, "number+1")
            breakpoint_at(adapter, session.configuration, f"{up.root}/go/main.go", line)
            answered = asking("go")
            assert value_at_breakpoint(adapter, "number") == "41"
            assert answered.result(60) == "42"
        session.kill()
    assert "devenv up takes it back" in state_of(up, "go")[1]

    with debugged(up, "go", "--wait") as session:
        with DebugAdapter(LOOPBACK, session.port) as adapter:
            breakpoint_at(adapter, session.configuration, f"{up.root}/go/main.go", line_of(GO, "http.HandleFunc"))
            adapter.event("stopped")
        session.end()
    assert services_as_asked_for(up) == before
    assert state_of(up, "go") == ("ready", "")


def test_what_a_killed_session_of_node_has_left_the_next_up_takes_back(up: Project, asking: Any) -> None:
    before = services_as_asked_for(up)
    with debugged(up, "node", "--wait") as session:
        with Inspector(LOOPBACK, session.port) as inspector:
            inspector.request("Debugger.enable")
            inspector.request("Runtime.runIfWaitingForDebugger")
            assert inspector.event("Debugger.paused")["reason"] == "Break on start"
            inspector.request("Debugger.resume")
            eventually(lambda: asking("node").result(60) == "42")
            line = line_of(NODE, "number + 1") - 1  # it counts from 0
            found = inspector.request("Debugger.setBreakpointByUrl", lineNumber=line, url="file:///srv/server.mjs")
            assert found["locations"]
            answered = asking("node")
            frame = inspector.event("Debugger.paused")["callFrames"][0]["callFrameId"]
            value = inspector.request("Debugger.evaluateOnCallFrame", callFrameId=frame, expression="number")
            assert value["result"]["value"] == 41
            inspector.request("Debugger.resume")
            assert answered.result(60) == "42"
        session.kill()

    (step,) = up.devenv("up", "--json").last("plan-made")["steps"]
    assert (step["key"], step["reason"]) == ("ready/node", "left under a debugger")
    assert services_as_asked_for(up) == before
    assert up.devenv("up", "--verify", "--json").last("plan-made")["steps"] == []


def test_what_cannot_be_debugged_is_told_and_nothing_is_changed(up: Project) -> None:
    before = services_as_asked_for(up)
    unknown = up.devenv("debug", "pie", "--json", expect=2).last("error")["error"]
    assert "pie is no stack" in unknown["message"]
    at_times = up.devenv("debug", "tick", "--json", expect=1).last("error")["error"]
    assert "nothing of stack tick goes on running" in at_times["message"]
    other = up.devenv("debug", "node", "--language", "go", "--json", expect=2).last("error")["error"]
    assert other["code"] == "not-debuggable"
    assert services_as_asked_for(up) == before
