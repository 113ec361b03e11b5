"""What the view of `devenv dev` knows after some events, and that it fits any width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import CommandFailedError
from devenv.events import (
    Event,
    Logged,
    Noted,
    PlanMade,
    PlannedStep,
    RoundFinished,
    RunFinished,
    StateChanged,
    StepFailed,
    StepStarted,
    StepSucceeded,
    Synced,
    WatchMember,
    WatchStarted,
)
from devenv.ui.loop.layout import Columns, details_of
from devenv.ui.loop.model import KEPT_LINES, LoopModel, Row

BEGUN = WatchStarted(
    "shop",
    (
        WatchMember("api", "stack", ("api",), urls=("http://api.shop.localhost/",)),
        WatchMember("reports", "stack", ("reports",), waits=True),
        WatchMember("site", "task", urls=("http://127.0.0.1:5000/",)),
    ),
)
PLAN = PlanMade(
    "shop",
    "devenv-shop",
    (
        PlannedStep("image/api", "Build image api", "images"),
        PlannedStep("install/api", "Install chart api", "services", ("image/api",)),
    ),
)
BUILD_FAILED = CommandFailedError("api does not build", argv=["docker", "build"], status=1, output="main.go:3: syntax")


def after(*events: Event, now: list[float] | None = None) -> LoopModel:
    model = LoopModel(lambda: now[0] if now else 0.0)
    for event in (BEGUN, *events):
        model.apply(event)
    return model


def row(model: LoopModel, name: str) -> Row:
    return next(row for row in model.rows() if row.name == name)


def logged(name: str, message: str) -> Logged:
    return Logged("2026-03-01T12:00:00.000Z", "shop", f"{name}-1", name, name, "info", message)


def test_a_state_is_the_latest_and_of_its_member_alone() -> None:
    model = after(StateChanged("api", "ready"), StateChanged("api", "not-ready", "pod api-1: crash-loop", 2))
    assert (row(model, "api").state, row(model, "api").restarts) == ("not-ready", 2)
    assert row(model, "api").reason == "pod api-1: crash-loop"
    assert row(model, "reports").state == ""
    assert [each.name for each in after(StateChanged("unknown", "ready")).rows()] == ["api", "reports", "site"]


def test_what_runs_is_shown_for_whom_it_runs_and_since_when() -> None:
    now = [10.0]
    model = after(PLAN, StepStarted("image/api", 0.0), now=now)
    now[0] = 12.5
    assert row(model, "api").activity == model.doing == "Build image api 2.5s"
    assert row(model, "reports").activity == ""
    model.apply(StepSucceeded("image/api", 2.5, 2.5))
    model.apply(StepStarted("install/api", 2.5))
    assert row(model, "api").activity == "Install chart api 0.0s"
    model.apply(StepSucceeded("install/api", 3.0, 0.5))
    assert row(model, "api").activity == model.doing == ""


def test_a_round_and_a_sync_are_the_last_of_those_that_use_the_image() -> None:
    model = after(RoundFinished(("api",), ("api",), succeeded=True, seconds=2.6, build=1.3, load=0.4, rollout=0.9))
    assert row(model, "api").last == "ready 2.6s"
    assert row(model, "api").details == "api ready 2.6s after the save (build 1.3s, load 0.4s, rollout 0.9s)"
    assert row(model, "reports").last == ""
    model.apply(Synced("api", files=1, size=3, containers=2, seconds=0.12))
    assert row(model, "api").last == "synced 0.12s"
    model.apply(RoundFinished(("api",), ("api",), succeeded=False, seconds=1.0, build=1.0, load=0.0, rollout=0.0))
    assert (row(model, "api").last, row(model, "api").last_failed) == ("failed 1.0s", True)


def test_a_failure_is_written_with_what_the_program_said() -> None:
    events = (PLAN, StepStarted("image/api", 0.0), StepFailed("image/api", 1.0, 1.0, BUILD_FAILED))
    model = after(*events, RunFinished(0, 1, 1, 0, 1.0))
    (line,) = model.newest(10)
    assert "main.go:3: syntax" in line.text.plain
    assert after(*events[:2], RunFinished(1, 0, 0, 0, 1.0)).newest(10) == []


def test_a_task_says_what_it_does_and_a_restart_how_it_went() -> None:
    plan = PlanMade("shop", "devenv-shop", (PlannedStep("serve/site", "Start site", "tasks"),))
    model = after(plan, StepStarted("serve/site", 0.0))
    assert row(model, "site").state == "starting"
    model.apply(StepSucceeded("serve/site", 0.4, 0.4))
    assert (row(model, "site").state, row(model, "site").last) == ("serving", "started 0.4s")
    model.apply(StateChanged("site", "ended", "serve site was ended by SIGKILL"))
    assert (row(model, "site").state, row(model, "site").reason) == ("ended", "serve site was ended by SIGKILL")
    model.apply(StepFailed("task/site", 1.0, 0.6, BUILD_FAILED))
    assert (row(model, "site").state, row(model, "site").last) == ("failed", "failed 0.6s")
    model.apply(StepSucceeded("restart/api", 2.0, 2.0))
    assert row(model, "api").last == "restarted 2.0s"


def test_lines_are_of_one_or_of_all_and_notes_are_of_everybody() -> None:
    model = after(logged("api", "a"), logged("reports", "b"), Noted("reports was saved, and waits", hint="r"))
    assert [line.text.plain[-1] for line in model.newest(10)] == ["a", "b", "r"]
    assert [line.text.plain[-1] for line in model.newest(10, "api")] == ["a", "r"]
    assert [line.name for line in model.newest(1)] == [""]
    assert model.newest(0) == []


def test_lines_without_end_take_no_memory_without_end() -> None:
    model = after(*(logged("api", str(number)) for number in range(KEPT_LINES + 10)))
    assert (len(model.lines), model.written) == (KEPT_LINES, KEPT_LINES + 10)


ROWS = st.lists(
    st.builds(
        Row,
        st.builds(
            WatchMember,
            st.text("abc-", min_size=1, max_size=40),
            st.sampled_from(["stack", "task"]),
            waits=st.booleans(),
            urls=st.lists(st.just("http://api.shop.localhost/"), max_size=2).map(tuple),
        ),
        state=st.sampled_from(["", "ready", "not-ready", "serving"]),
        reason=st.text(max_size=30),
        restarts=st.integers(0, 10_000),
        last=st.text("ä漢x ", max_size=60),
        activity=st.sampled_from(["", "Build image api 2.5s"]),
    ),
    max_size=5,
)


@given(ROWS, st.integers(0, 200))
def test_no_line_is_wider_than_the_screen(rows: list[Row], width: int) -> None:
    columns = Columns.fitting(rows, width)
    for line in (columns.head(), *map(columns.row, rows)):
        assert line.cell_len <= width
        assert "\n" not in line.plain
    assert all(details_of(each).plain.count("\n") == 1 for each in rows)


def test_addresses_go_first_where_there_is_no_room() -> None:
    rows = after(StateChanged("api", "not-ready", "why", 12)).rows()
    assert Columns.fitting(rows, 100).row(rows[0]).plain.split() == [
        "api", "not-ready", "12", "http://api.shop.localhost/"
    ]  # fmt: skip
    assert Columns.fitting(rows, 60).row(rows[0]).plain.split() == ["api", "not-ready", "12"]
    assert Columns.fitting(rows, 30).row(rows[0]).plain.split() == ["api", "not-ready"]
    assert Columns.fitting(rows, 12).row(rows[0]).plain.split() == ["api"]
