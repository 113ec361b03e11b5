"""Plain lines, JSON lines, the log file and the trace file: what each makes of the same run."""

from __future__ import annotations

import io
import json
import re
import stat
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from support.story import PLAN, STORY

from devenv.errors import InterruptedRunError, UnexpectedError, UsageError
from devenv.events import (
    DebuggerStarted,
    Event,
    InterceptedPort,
    InterceptStarted,
    Logged,
    Noted,
    PlanMade,
    PlannedStep,
    RoundFinished,
    RunFinished,
    StateChanged,
    StepFailed,
    StepProgressed,
    StepStarted,
    StepSucceeded,
    Synced,
    WatchMember,
    WatchStarted,
)
from devenv.ui.run.jsonl import JsonLines
from devenv.ui.run.logfile import LogFile
from devenv.ui.run.plain import PlainLines
from devenv.ui.run.progress import RunProgress
from devenv.ui.run.stream import Sink
from devenv.ui.run.summary import summary
from devenv.ui.run.trace import TraceFile
from devenv.ui.run.wire import VERSION, as_wire, from_wire, type_name

EVENTS_PAGE = Path(__file__).parents[3] / "docs" / "events.md"

PLAIN = """\
plan for alt: 5 steps, 1 unchanged
   [0.0s] ok      Provide kind (0.2s): from PATH
warning: the port 8080 is taken (hint: devenv status)
   [0.2s] ok      Create cluster devenv-alt (19.8s)
  [20.0s] FAILED  Install chart postgres (12.0s): postgres cannot become ready
  [20.0s] skipped Install chart alt-backend: install/postgres failed
  [20.0s] stopped Build image traefik (33.0s): stopped while building
Install chart postgres failed after 12.0s [install/postgres]
  error: postgres cannot become ready [workload-failed]
    cause: image-pull: no such image
    last lines:
      | pulling
      | not found
  hint: devenv status
        devenv up --only postgres

skipped, because install/postgres failed: install/backend

2 succeeded, 1 failed, 1 stopped, 1 skipped, 1 unchanged in 33.0s
longest chain: 33.0s: traefik
log: /state/logs/up.log
  backend  http://backend.alt.localhost
  s3       http://s3.alt.localhost
all of it on one page, live: devenv open
"""


def type_name_of(event: Event) -> str:
    return type_name(type(event))


def feed(sink: Sink, events: tuple[Event, ...] = STORY) -> None:
    for event in events:
        sink.handle(event)
    sink.close()


def test_plain_lines() -> None:
    stream = io.StringIO()
    feed(PlainLines(stream, clock=lambda: 100.0))
    assert stream.getvalue() == PLAIN


def test_the_summary_names_what_took_long_once_and_the_log_from_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    chain = ("cluster/create", "cluster/mark", "load/api", "install/api", "hook/db/before/pods and claims", "ready/api")
    finished = RunFinished(6, 0, 0, 0, 9.0, chain=chain, chain_seconds=8.5, log="/home/me/state/up.log")
    told = summary(RunProgress(), finished)
    assert "longest chain: 8.5s: cluster -> api -> db\n" in f"{told}\n"
    assert "log: ~/state/up.log\n" in f"{told}\n"


def test_plain_lines_of_a_run_with_nothing_to_do() -> None:
    stream = io.StringIO()
    nothing = RunFinished(0, 0, 0, 2, 0.4)
    feed(PlainLines(stream), (PlanMade("alt", "devenv-alt", (), ("a", "b")), nothing))
    assert stream.getvalue() == "plan for alt: 0 steps, 2 unchanged\nnothing to do: 2 unchanged (0.4s)\n"


def test_a_round_of_dev_tells_its_time_and_its_parts(tmp_path: Path) -> None:
    ended = RoundFinished(("api", "web"), ("shop",), succeeded=True, seconds=2.61, build=1.34, load=0.2, rollout=1.0)
    stream, log = io.StringIO(), LogFile(tmp_path, "dev")
    feed(PlainLines(stream), (ended,))
    feed(log, (ended,))
    line = "api, web ready 2.6s after the save (build 1.3s, load 0.2s, rollout 1.0s)"
    assert stream.getvalue() == f"{line}\n"
    assert log.path.read_text().endswith(f" {line}\n")


def test_a_sync_tells_its_time_its_files_and_its_containers(tmp_path: Path) -> None:
    synced = Synced("api", files=3, size=120, containers=2, seconds=0.123)
    later = Synced("api", files=1, size=20, containers=1, seconds=0.05, again=True)
    stream, log = io.StringIO(), LogFile(tmp_path, "dev")
    feed(PlainLines(stream), (synced, later))
    feed(log, (synced,))
    line = "api synced 0.12s after the save (3 files, 2 containers)"
    assert stream.getvalue() == f"{line}\napi synced again (1 file, 1 container that started since)\n"
    assert log.path.read_text().endswith(f" {line}\n")


def test_a_debugger_tells_where_it_answers(tmp_path: Path) -> None:
    started = DebuggerStarted("api", "go", "Delve", "127.0.0.1", 2345, {"type": "go"})
    stream, log = io.StringIO(), LogFile(tmp_path, "debug")
    feed(PlainLines(stream), (started,))
    feed(log, (started,))
    line = "api runs under Delve, which answers at 127.0.0.1:2345"
    assert stream.getvalue() == f"{line}\n"
    assert log.path.read_text().endswith(f" {line}\n")
    assert as_wire(started)["configuration"] == {"type": "go"}


def test_an_interception_tells_what_goes_where(tmp_path: Path) -> None:
    ports = (InterceptedPort("http", 8080, 3000), InterceptedPort("grpc", 9000, 3001))
    started = InterceptStarted("api", "127.0.0.1", ports)
    stream, log = io.StringIO(), LogFile(tmp_path, "intercept")
    feed(PlainLines(stream), (started,))
    feed(log, (started,))
    line = "what comes to api goes to this machine: http to 127.0.0.1:3000, grpc to 127.0.0.1:3001"
    assert stream.getvalue() == f"{line}\n"
    assert log.path.read_text().endswith(f" {line}\n")
    assert as_wire(started)["ports"][0] == {"name": "http", "port": 8080, "local": 3000}


def test_plain_progress_is_told_at_most_every_ten_seconds() -> None:
    now, stream = [0.0], io.StringIO()
    sink = PlainLines(stream, clock=lambda: now[0])
    feed(sink, (PLAN, StepStarted("tool/kind", 0.0)))
    for second in range(31):
        now[0] = float(second)
        sink.handle(StepProgressed("tool/kind", f"downloaded {second} %\r\n"))
    assert stream.getvalue().splitlines()[1:] == [
        "  [10.0s] ...     Provide kind: downloaded 10 %",
        "  [20.0s] ...     Provide kind: downloaded 20 %",
        "  [30.0s] ...     Provide kind: downloaded 30 %",
    ]


def test_plain_lines_show_the_output_of_programs_when_verbose() -> None:
    stream = io.StringIO()
    feed(PlainLines(stream, verbose=True))
    assert "cluster/create | Preparing nodes\n" in stream.getvalue()


def json_lines(*, verbose: bool = False) -> list[dict[str, Any]]:
    stream = io.StringIO()
    feed(JsonLines(stream, verbose=verbose))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_lines_begin_with_the_version_and_leave_output_out() -> None:
    lines = json_lines()
    assert (lines[0]["type"], lines[0]["version"]) == ("stream-started", VERSION)
    assert [line["type"] for line in lines[1:]] == [e["type"] for e in map(as_wire, STORY) if "line" not in e]
    assert len(json_lines(verbose=True)) == len(STORY) + 1


def test_json_lines_carry_the_fields_of_the_events() -> None:
    lines = {line["type"]: line for line in json_lines()}
    assert lines["plan-made"]["steps"][2] == {
        "key": "cluster/create",
        "title": "Create cluster devenv-alt",
        "group": "cluster",
        "needs": ["tool/kind"],
        "reason": "new",
        "loses": "",
    }
    assert lines["step-failed"]["error"]["code"] == "interrupted"
    assert lines["run-finished"]["links"][0] == {"name": "backend", "url": "http://backend.alt.localhost"}


OF_DEV: tuple[Event, ...] = (
    WatchStarted("shop", (WatchMember("api", "stack", ("api", "side"), waits=True, urls=("http://a", "http://b")),)),
    StateChanged("api", "not-ready", "pod api-1: crash-loop", 3),
    RoundFinished(("api",), ("api",), succeeded=False, seconds=1.5, build=1.0, load=0.25, rollout=0.25),
    Synced("api", 3, 120, 2, 0.125, again=True),
    Logged("2026-03-01T12:00:00.000Z", "shop", "api-1", "api", "api", "error", "no broker"),
)


@pytest.mark.parametrize("event", [*STORY, *OF_DEV], ids=type_name_of)
def test_an_event_is_the_same_again_after_the_wire(event: Event) -> None:
    read = from_wire(json.loads(json.dumps(as_wire(event))))
    if isinstance(event, StepFailed):
        assert isinstance(read, StepFailed)
        assert read.error.as_dict() == event.error.as_dict()
        assert isinstance(read.error, InterruptedRunError) is isinstance(event.error, InterruptedRunError)
        assert replace(read, error=event.error) == event
    else:
        assert read == event


def test_what_is_no_event_is_none_after_the_wire() -> None:
    assert from_wire({"type": "stream-started", "version": 1}) is None


def test_what_dev_watches_and_how_it_is_is_logged(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "dev")
    feed(log, OF_DEV[:2])
    said = [line.split(" ", 1)[1] for line in log.path.read_text().splitlines()[1:]]
    assert said == ["watching api", "api is not-ready: pod api-1: crash-loop (restarts: 3)"]


def documented() -> dict[str, list[str]]:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]*) \|", EVENTS_PAGE.read_text(), re.MULTILINE)
    return {name: re.findall(r"`(\w+)`", fields) for name, fields in rows}


def test_the_page_on_events_tells_every_type_and_field() -> None:
    made = {type_name(event_type) for event_type in get_args(Event)}
    assert documented().keys() == made | {"stream-started", "error"}
    for event in (*STORY, *OF_DEV):
        wire = as_wire(event)
        assert documented()[wire.pop("type")] == list(wire)


def test_the_example_on_the_page_is_in_the_format() -> None:
    block = EVENTS_PAGE.read_text().partition("```json\n")[2].partition("```")[0]
    for line in map(json.loads, block.splitlines()):
        assert list(line)[1:] == documented()[line["type"]]


def test_the_log_file_holds_everything_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "logs", "up", now=lambda: datetime(2026, 3, 1, 12, 30, 5, 250_000, UTC))
    feed(log, (*STORY, StepFailed("tool/kind", 1.0, 1.0, UnexpectedError(KeyError("x")))))
    assert log.path.name.startswith("20260301T123005.250000Z-up-")
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700
    assert (
        log.path.read_text()
        == """\
12:30:05.250 devenv up
12:30:05.250 plan for alt, cluster devenv-alt: 5 steps
12:30:05.250 planned tool/kind: Provide kind
12:30:05.250 planned image/traefik: Build image traefik (new)
12:30:05.250 planned cluster/create: Create cluster devenv-alt (new)
12:30:05.250 planned install/postgres: Install chart postgres (changed: values)
12:30:05.250 planned install/backend: Install chart alt-backend (new)
12:30:05.250 unchanged: namespaces
12:30:05.250 [tool/kind] started
12:30:05.250 [image/traefik] started
12:30:05.250 [image/traefik] ... [build 3/7] go build
12:30:05.250 [tool/kind] succeeded in 0.2s: from PATH
12:30:05.250 [cluster/create] started
12:30:05.250 [cluster/create] | Preparing nodes
12:30:05.250 warning: the port 8080 is taken (hint: devenv status)
12:30:05.250 [cluster/create] succeeded in 19.8s
12:30:05.250 [install/postgres] started
12:30:05.250 [install/postgres] failed after 12.0s
12:30:05.250 [install/postgres] ! error: postgres cannot become ready [workload-failed]
12:30:05.250 [install/postgres] !   cause: image-pull: no such image
12:30:05.250 [install/postgres] !   last lines:
12:30:05.250 [install/postgres] !     | pulling
12:30:05.250 [install/postgres] !     | not found
12:30:05.250 [install/postgres] ! hint: devenv status
12:30:05.250 [install/postgres] !       devenv up --only postgres
12:30:05.250 [install/backend] skipped: install/postgres failed
12:30:05.250 [image/traefik] failed after 33.0s
12:30:05.250 [image/traefik] ! error: stopped while building [interrupted]
12:30:05.250 finished in 33.0s: 2 succeeded, 1 failed, 1 skipped, 1 unchanged
12:30:05.250 longest chain: 33.0s: image/traefik
12:30:05.250 [tool/kind] failed after 1.0s
12:30:05.250 [tool/kind] ! error: unexpected KeyError: 'x' [bug]
12:30:05.250 [tool/kind] !   traceback: KeyError: 'x'
"""
    )


def test_only_the_latest_log_files_are_kept(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    (tmp_path / "notes.txt").write_text("not a log")
    paths = []
    for number in range(5):
        moment = start + timedelta(days=number)
        log = LogFile(tmp_path, "up", keep=3, now=lambda moment=moment: moment)  # type: ignore[misc]
        log.close()
        paths.append(log.path)
    assert sorted(tmp_path.glob("*.log")) == paths[2:]
    assert (tmp_path / "notes.txt").exists()


def events_of(path: Path) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(path.read_text())["traceEvents"]
    assert all({"name", "ph", "pid", "tid"} <= event.keys() for event in events)
    return events


def spans_of(path: Path) -> list[dict[str, Any]]:
    return [event for event in events_of(path) if event["ph"] == "X" and event["cat"] != "waits"]


def test_the_trace_puts_what_ran_at_once_on_different_lanes(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    feed(TraceFile(path))
    spans = {span["args"]["key"]: span for span in spans_of(path)}
    assert spans.keys() == {"tool/kind", "image/traefik", "cluster/create", "install/postgres"}
    assert [spans[key]["tid"] for key in spans] == [1, 2, 1, 1]
    assert (spans["cluster/create"]["ts"], spans["cluster/create"]["dur"]) == (200_000, 19_800_000)
    assert spans["cluster/create"]["args"]["needs"] == ["tool/kind"]
    assert [key for key, span in spans.items() if span["args"]["on the longest chain"]] == ["image/traefik"]
    for one in spans.values():
        for other in spans.values():
            if one is not other and one["tid"] == other["tid"]:
                assert one["ts"] >= other["ts"] + other["dur"] or other["ts"] >= one["ts"] + one["dur"]


def test_the_trace_of_a_run_that_broke_off_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    feed(TraceFile(path), STORY[:9])
    states = {span["args"]["key"]: (span["args"]["state"], span["dur"]) for span in spans_of(path)}
    assert states["image/traefik"] == ("running", 20_000_000)
    feed(TraceFile(path), ())
    assert spans_of(path) == []


def test_the_trace_tells_what_a_step_waited_for_and_for_how_long(tmp_path: Path) -> None:
    path, now = tmp_path / "trace.json", [100.0]
    sink = TraceFile(path, clock=lambda: now[0])
    for at, event in (
        (0.0, PLAN),
        (0.0, StepStarted("cluster/create", 0.0)),
        (1.0, StepProgressed("cluster/create", "the image")),
        (3.5, StepProgressed("cluster/create", "the control plane")),
        (8.0, StepSucceeded("cluster/create", 8.0, 8.0)),
    ):
        now[0] = 100.0 + at
        sink.handle(event)
    sink.close()
    waits = [e for e in events_of(path) if e.get("cat") == "waits"]
    assert [(wait["name"], wait["ts"], wait["dur"], wait["tid"]) for wait in waits] == [
        ("the image", 1_000_000, 2_500_000, 1),
        ("the control plane", 3_500_000, 4_500_000, 1),
    ]


def test_the_trace_counts_the_steps_that_run_and_shows_how_busy_the_machine_is(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    sink = TraceFile(path)
    for event in STORY[:9]:
        sink.handle(event)
    until = time.monotonic() + 0.4
    while time.monotonic() < until:
        pass  # at work, so that there is something to be seen
    sink.close()
    counters = [event for event in events_of(path) if event["ph"] == "C"]
    steps = [(c["ts"], c["args"]["running"]) for c in counters if c["name"] == "steps"]
    assert max(running for _, running in steps) == 2
    assert steps[-1] == (20_000_000, 0)
    shares = [c["args"] for c in counters if c["name"] == "processors, %"]
    assert shares
    assert all(share["busy"] + share["idle"] in range(99, 102) for share in shares)
    assert any(share["busy"] for share in shares)


def test_the_trace_holds_both_plans_of_a_command_that_first_starts_the_cluster(tmp_path: Path) -> None:
    path, now = tmp_path / "trace.json", [0.0]
    sink = TraceFile(path, clock=lambda: now[0])
    start = PlannedStep("cluster/create", "Start cluster devenv-alt", "cluster")
    for event in (
        PlanMade("alt", "devenv-alt", (start,)),
        StepStarted("cluster/create", 0.0),
        StepSucceeded("cluster/create", 5.0, 5.0),
        RunFinished(1, 0, 0, 0, 5.0, chain=("cluster/create",)),
    ):
        sink.handle(event)
    now[0] = 6.0
    feed(sink)
    spans = {span["args"]["key"] + span["name"]: span["ts"] for span in spans_of(path)}
    assert spans["cluster/createStart cluster devenv-alt"] == 0
    assert spans["cluster/createCreate cluster devenv-alt"] == 6_200_000


def test_a_trace_file_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written") as caught:
        TraceFile(tmp_path / "missing" / "trace.json")
    assert caught.value.context == {"cause": "No such file or directory"}


def test_a_note_without_a_plan_is_told_by_every_sink(tmp_path: Path) -> None:
    stream = io.StringIO()
    log = LogFile(tmp_path, "up")
    for sink in (PlainLines(stream), log):
        feed(sink, (Noted("cleared a pending release"),))
    assert stream.getvalue() == "cleared a pending release\n"
    assert log.path.read_text().endswith("info: cleared a pending release\n")
