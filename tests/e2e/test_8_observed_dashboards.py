"""The dashboards of the observed environment: their data, users' own, and what the page does not let through.

How they look in a real browser is kept in test-artifacts/dashboards.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from support.browser import browser, look_at
from support.dashboards import BUILTIN, FORM, PROMETHEUS, DashboardsPage, all_queries, filled, grafana_queries
from support.environment import Project

from devenv.adapters.docker import Engine
from devenv.grafana.__main__ import MADE

pytestmark = pytest.mark.e2e
OWN = {
    "kind": "Dashboard",
    "metadata": {"name": "shop"},
    "spec": {"display": {"name": "My shop"}, "duration": "1h", "panels": {}, "layouts": []},
}


@pytest.fixture(scope="module")
def page(observed: Project) -> DashboardsPage:
    return DashboardsPage(observed)


@pytest.fixture(scope="module")
def chromium(engine: Engine) -> Iterator[Browser]:
    with browser(engine) as found:
        yield found


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """A tab in which nothing is open yet."""
    with chromium.new_context(ignore_https_errors=True) as context:
        yield context.new_page()


@pytest.fixture
def users_own(observed: Project, tmp_path: Path) -> Iterator[None]:
    """Dashboards in another namespace: one that is sound, one that is not, one whose name is taken."""
    taken = {**OWN, "metadata": {"name": "nodes"}}
    data = {"shop.json": json.dumps(OWN), "taken.json": json.dumps(taken), "broken.json": "{", "notes.txt": "-"}
    meta = {"name": "my-dashboards", "namespace": "default", "labels": {"devenv.io/dashboard": "true"}}
    unlabelled = {"name": "not-mine", "namespace": "default"}
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": m, "data": data} for m in (meta, unlabelled)]
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    observed.kubectl("apply", "-f", str(file))
    yield
    observed.kubectl("delete", "-f", str(file), "--wait=false")


def test_every_panel_of_every_dashboard_has_data(page: DashboardsPage) -> None:
    listed = page.dashboards()
    assert {entry["name"] for entry in listed.values() if entry["own"]} == {file.stem for file in BUILTIN}
    asked = all_queries()
    # Grafana cannot be run here; what its panels ask is asked of the same Prometheus.
    known = set(asked.values())
    more = {(file.stem, *pair) for file in sorted(MADE.glob("*.json")) for pair in grafana_queries(file)}
    asked |= {f"Grafana, {name}: {title}": text for name, title, q in more if (text := filled(q)) not in known}
    page.await_data(asked, 90)  # A rate takes two readings: the API server is asked every 30 s, first after up to 30.


@pytest.mark.usefixtures("users_own")
def test_dashboards_of_users_are_listed_with_what_is_wrong(page: DashboardsPage) -> None:
    listed = {key: entry for key, entry in page.dashboards().items() if not entry["own"]}

    assert listed.keys() == {f"default/my-dashboards/{name}.json" for name in ("shop", "taken", "broken")}
    shop = listed["default/my-dashboards/shop.json"]
    assert (shop["name"], shop["resource"]) == ("shop", OWN)
    assert "the name nodes is that of nodes.json" in listed["default/my-dashboards/taken.json"]["problem"]
    assert "no valid JSON" in listed["default/my-dashboards/broken.json"]["problem"]


def test_the_page_lets_only_questions_through(page: DashboardsPage) -> None:
    for path in ("/admin/tsdb/delete_series", "/write", "/status/config", "/targets"):
        for method in ("GET", "POST"):
            assert page.ask(method, PROMETHEUS + path)[0] in {403, 404}, path
    assert page.ask("PUT", f"{PROMETHEUS}/query")[0] == 405
    elsewhere = {**FORM, "Origin": "http://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert page.ask("POST", f"{PROMETHEUS}/query", "query=up", elsewhere)[0] == 403
    assert page.ask("GET", "/api/v1/secrets")[0] == 404
    status, html = page.ask("GET", "/d/cluster")
    assert status == 200
    assert '<div id="root">' in html


@pytest.mark.parametrize("path", ["", "d/cluster", "d/containers", "d/traefik", "logs?stack=traefik"])
def test_axe_finds_nothing_in_any_page_perses_own_parts_included(page: DashboardsPage, tab: Page, path: str) -> None:
    tab.goto(page.at(f"/{path}"), wait_until="networkidle")
    expect(tab.get_by_role("progressbar")).to_have_count(0)
    look_at(tab, f"dashboards/{path.partition('?')[0].removeprefix('d/') or 'list'}", quick=True)


OPENING: dict[str, Callable[[Page], Locator]] = {
    "download": lambda tab: tab.get_by_role("button", name="download dashboard"),
    "time-range": lambda tab: tab.get_by_role("combobox", name="Select time range."),
    "refresh": lambda tab: tab.get_by_role("combobox", name="Select refresh interval."),
    "choice": lambda tab: tab.get_by_role("combobox", name="Dashboard", exact=True),
    "json": lambda tab: tab.get_by_role("button", name="View JSON"),
    "edit": lambda tab: tab.get_by_role("button", name="Edit", exact=True),
}


@pytest.mark.parametrize("name", OPENING)
def test_axe_finds_nothing_in_what_opens(page: DashboardsPage, tab: Page, name: str) -> None:
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.goto(page.at("/d/containers"), wait_until="networkidle")
    OPENING[name](tab).focus()
    tab.keyboard.press("Enter")
    look_at(tab, f"dashboards/open-{name}", quick=True)
