"""What the page shows, does and tells; the real application with values instead of a cluster."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from html.parser import HTMLParser

import anyio
import anyio.lowlevel
import httpx2
import pytest
from support.page_values import PASSWORD, PORT, PROJECT, TOKEN, ValuesPage, busy_view, healthy_view, stack

from devenv.page.app import _stream
from devenv.page.board import Board
from devenv.page.rendering import SECTIONS, Pages
from devenv.page.view import RunState, View, announcements
from devenv.plan.cluster_state import ClusterState
from devenv.workflows.run.links import Link
from devenv.workflows.status import StackState

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>"""


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("view", [View(PROJECT), busy_view(), healthy_view()], ids=["unknown", "busy", "healthy"])
def test_the_page_is_whole_without_javascript(view: View) -> None:
    page = ValuesPage(Board(view)).client().get("/").text
    for each in view.stacks:
        assert each.status.name in page
        assert each.status.state.replace("-", " ") in page
    for link in view.endpoints:
        assert f'href="{link.url}"' in page
    for failure in view.failures:
        assert failure.message in page
    assert all(" hidden" in button for button in re.findall("<button[^>]*>", page.partition("<dialog")[0]))
    assert "style=" not in page
    assert not re.search(r"<script(?! type=\"module\" src=)", page)
    assert not re.search(r"\son[a-z]+=", page)


def test_all_that_comes_from_the_cluster_is_escaped() -> None:
    view = busy_view()
    hostile = stack(HOSTILE, "04-apps", StackState.NOT_READY, HOSTILE)
    failure = replace(view.failures[0], title=HOSTILE, message=HOSTILE, hint=HOSTILE, key=HOSTILE, code=HOSTILE)
    alerts = view.alerts
    assert alerts
    assert view.data
    firing = replace(alerts.firing[0], name=HOSTILE, summary=HOSTILE, runbook=HOSTILE, severity=HOSTILE)
    data = replace(view.data, databases=tuple(replace(d, name=HOSTILE, database=HOSTILE) for d in view.data.databases))
    page = Pages().whole(
        replace(
            view,
            stacks=(hostile,),
            endpoints=(Link(HOSTILE, HOSTILE, f"http://a.localhost/{HOSTILE}"),),
            failures=(failure,),
            recorded=(failure,),
            alerts=replace(alerts, firing=(firing,)),
            data=data,
            reason=HOSTILE,
            credentials=((HOSTILE, HOSTILE),),
            runs=tuple(replace(run, title=HOSTILE, message=HOSTILE, hint=HOSTILE) for run in view.runs),
        )
    )
    tags = Tags(page).found
    assert [attributes for tag, attributes in tags if tag == "script"] == [{"type": "module", "src": "/static/page.js"}]
    assert "img" not in {tag for tag, _ in tags}
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]


def test_commands_in_a_runbook_are_code_and_the_rest_is_text() -> None:
    view = busy_view()
    assert view.alerts

    def runbook(text: str) -> str:
        assert view.alerts
        firing = (replace(view.alerts.firing[0], runbook=text),)
        return Pages().whole(replace(view, alerts=replace(view.alerts, firing=firing)))

    assert "<code>devenv up</code> &lt;b&gt; <code>&lt;i&gt;</code>" in runbook("`devenv up` <b> `<i>`")
    assert "a lonely ` of &lt;b&gt;" in runbook("a lonely ` of <b>")


def test_every_button_and_link_has_a_name_of_its_own() -> None:
    page = Pages().whole(busy_view())
    names = re.findall(r"<button[^>]* aria-label=\"([^\"]+)\"", page)
    assert len(names) == len(set(names))
    ids = re.findall(r" id=\"([^\"]+)\"", page)
    assert len(ids) == len(set(ids))


def test_each_stack_leads_to_the_dashboard_that_tells_most_of_it() -> None:
    view, root = busy_view(), "http://dashboards.shop.localhost:8080/d"
    assert view.dashboard_of("auth-postgres") == f"{root}/postgres?var-stack=auth-postgres"
    assert view.dashboard_of("traefik") == f"{root}/traefik?var-stack=traefik"
    assert view.dashboard_of("shop-backend") == f"{root}/containers?var-stack=shop-backend"
    assert not healthy_view().dashboard_of("traefik")


def test_the_pods_of_all_workloads_of_a_stack_are_counted_together() -> None:
    one = stack("monitoring", "03-observability")
    (workload,) = one.workloads
    three = replace(one, workloads=(workload, replace(workload, desired=2), workload))
    page = Pages().whole(replace(healthy_view(), stacks=(three,)))
    assert f"· {one.status.namespace} · 3/4<span" in page


def test_a_node_that_is_lost_is_told_first_though_its_pods_still_count_as_ready() -> None:
    view = healthy_view()
    lost = replace(view, nodes=tuple(replace(node, ready=False, reason="NotReady") for node in view.nodes))
    assert "All 7 stacks are ready" in Pages().whole(view)
    assert "1 of 1 nodes is not ready" in Pages().whole(lost)


def test_what_programs_printed_and_secrets_are_not_on_the_page() -> None:
    page = ValuesPage().client()
    shown = page.get("/").text
    assert "wrong ownership" not in shown
    assert PASSWORD not in shown
    with_token = {"Authorization": f"Bearer {TOKEN}"}
    facts = page.post("/failures/now-postgres", headers=with_token).json()
    assert ["last log lines", "FATAL: data directory has wrong ownership"] in facts
    assert page.post("/stacks/traefik/log", headers=with_token).json() == [
        ["traefik-0 · traefik", "the last line of traefik"]
    ]
    (message,) = page.post("/queues/shop-orders/messages", headers=with_token).json()
    assert message[1] == "a message of shop-orders"
    assert 'data-log="/queues/shop-orders/messages"' in shown
    assert "/queues/shop-orders-dead/messages" not in shown, "it is empty"
    (found,) = page.post("/credentials", headers=with_token).json()
    assert found == {"name": "postgres", "stack": "postgres", "values": {"username": "shop", "password": PASSWORD}}


def test_buttons_begin_what_they_name_and_nothing_that_is_not_there() -> None:
    page = ValuesPage()
    client = page.client(authorization=f"Bearer {TOKEN}", origin=f"http://{PROJECT}.localhost:{PORT}")
    assert client.post("/databases/redis/reset").status_code == 202
    assert client.post("/databases/localstack/reset").status_code == 202
    assert client.post("/stacks/traefik/restart").json() == {"run": "run-of-it"}
    for path in (
        "/databases/traefik/reset",
        "/databases/../reset",
        "/stacks/nothing/restart",
        "/stacks/nothing/log",
        "/queues/nothing/messages",
        "/failures/x",
    ):
        assert client.post(path).status_code == 404
    assert page.began == ["reset redis", "reset localstack", "restart traefik"]


def test_the_first_page_waits_for_no_cluster() -> None:
    page = ValuesPage(Board(View(PROJECT))).client()
    page.get("/")  # which compiles the templates
    answer = page.get("/")
    assert "looking at the cluster" in answer.text
    assert answer.elapsed.total_seconds() < 0.5


def test_the_first_page_has_what_is_known_a_moment_later() -> None:
    board = Board(View(PROJECT))
    threading.Timer(0.05, lambda: board.update(state=ClusterState.RUNNING)).start()
    assert "looking at the cluster" not in ValuesPage(board).client().get("/").text


async def _events(board: Board, until: str) -> list[str]:
    found: list[str] = []
    async for event in _stream(board, Pages()):
        found.append(event)
        if until in event:
            board.close()
    return found


def test_a_stream_sends_all_sections_and_then_those_that_change() -> None:
    board = Board(busy_view())

    events: list[str] = []

    async def run() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(_change_when_read, board)
            events.extend(await _events(board, "postgres: ready"))

    anyio.run(run)
    sections = [re.findall(r'"name": "(\w+)"', event)[0] for event in events if event.startswith("event: section")]
    assert tuple(sections[: len(SECTIONS)]) == SECTIONS
    assert sorted(sections[len(SECTIONS) :]) == ["stacks", "summary"]
    assert events[-1] == 'event: say\ndata: "postgres: ready"\n\n'
    assert all(event.count("\n\n") == 1 for event in events)


async def _change_when_read(board: Board) -> None:
    while not board._streams:
        await anyio.lowlevel.checkpoint()
    changed = tuple(
        stack(s.status.name, s.status.layer) if s.status.name == "postgres" else s for s in board.view.stacks
    )
    await anyio.to_thread.run_sync(lambda: board.update(stacks=changed))


def test_a_screen_reader_hears_what_changed_and_nothing_else() -> None:
    view = busy_view()
    worse = replace(
        view,
        stacks=tuple(
            stack("traefik", "02-infrastructure", StackState.NOT_READY, "no node") if s.status.name == "traefik" else s
            for s in view.stacks
        ),
        runs=tuple(replace(run, state=RunState.FAILED) if run.key == "r2" else run for run in view.runs),
    )
    assert list(announcements(view, worse)) == ["traefik: not ready: no node", "Reset postgres: failed"]
    assert list(announcements(view, view)) == []
    assert list(announcements(View(PROJECT), view)) == []


def test_nobody_looks_until_somebody_does() -> None:
    board = Board(View(PROJECT))
    assert not board.await_reader(0)
    assert ValuesPage(board).client().get("/").status_code == httpx2.codes.OK
    assert board.await_reader(0)
