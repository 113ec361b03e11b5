"""The start page of the observed environment, in a real browser. Its pictures are kept in test-artifacts/start-page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect
from support.browser import browser, look_at
from support.databases import address_of
from support.environment import Project
from support.foreign_page import attack
from support.loopback import answer_at, unverified
from support.postgres_server import fingerprint

from devenv.adapters.docker import Engine

pytestmark = pytest.mark.e2e

_RESET_MS, _READY_MS = 30_000, 60_000


@pytest.fixture(scope="module")
def chromium(engine: Engine) -> Iterator[Browser]:
    with browser(engine) as found:
        yield found


@pytest.fixture
def url(observed: Project) -> str:
    """The page's address, token included."""
    return observed.devenv("open", "--print").stdout.strip()


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[Page]:
    """The page, live, with all that it knows."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(url)
        expect(page.locator("#live-text")).to_have_text("live")
        expect(page.get_by_role("button", name="Reset postgres", exact=True)).to_be_visible(timeout=_RESET_MS)
        yield page


def test_every_stack_is_there_and_every_link_answers(observed: Project, page: Page, url: str) -> None:
    home = url.partition("#")[0]
    assert page.url == home
    status = observed.status()
    without_scripts = answer_at(home)[1].decode()
    for stack in status["stacks"]:
        assert f'id="row-{stack["name"]}"' in without_scripts
    links = re.findall(r'<a href="(http[^"]+)"', without_scripts.partition('id="endpoints"')[2].partition("</ul>")[0])
    assert sorted(links) == sorted(endpoint["url"] for endpoint in status["endpoints"])
    for link in links:
        assert answer_at(link, context=unverified())[0] < 500, link
    assert observed.devenv("open", "dashboard", "--print").stdout.strip() in links
    assert "endpoint" in observed.devenv("open", "nothing", "--print", expect=2).stderr


def test_the_name_of_the_project_leads_to_the_page_through_traefik(
    observed: Project, page: Page, url: str, chromium: Browser
) -> None:
    dashboard = httpx2.URL(observed.devenv("open", "dashboard", "--print").stdout.strip())
    expect(page.locator("#routes")).to_contain_text(f"Host(`{observed.name}.localhost`)", timeout=_READY_MS)
    with chromium.new_context() as context:
        other = context.new_page()
        other.goto(f"http://{observed.name}.localhost:{dashboard.port}/any/path")
        assert other.url == url.partition("#")[0]
        expect(other.get_by_text("open this page by devenv open")).to_be_visible()
    expect(page.locator("#routes")).not_to_contain_text("without an answer")


def test_a_button_resets_a_database(observed: Project, page: Page) -> None:
    address = address_of(observed, "postgres")
    observed.devenv("reset-db", "postgres", "--yes")
    before = fingerprint(address, address.name)
    with psycopg.connect(address.url) as connection:
        connection.execute("CREATE TABLE by_hand (n int)")
    assert fingerprint(address, address.name) != before
    page.get_by_role("button", name="Reset postgres", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("All data in postgres")
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.locator("#runs li", has_text="Reset postgres").first).to_contain_text("done", timeout=_RESET_MS)
    assert fingerprint(address, address.name) == before


def test_a_pod_that_goes_and_comes_back_is_seen(
    observed: Project, page: Page, record_property: Callable[[str, object], None]
) -> None:
    expect(page.locator("#row-redis.ready")).to_be_visible()
    namespace = next(s["namespace"] for s in observed.status()["stacks"] if s["name"] == "redis")
    observed.kubectl(
        "--namespace", namespace, "delete", "pod", "redis-0", "--grace-period=0", "--force", "--wait=false"
    )
    began = time.monotonic()
    expect(page.locator("#row-redis.not-ready")).to_be_visible(timeout=_READY_MS)
    record_property("failing pod seen after seconds", time.monotonic() - began)
    expect(page.locator("#row-redis.ready")).to_be_visible(timeout=_READY_MS)
    page.get_by_role("button", name="Log of redis", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Ready to accept connections")


def test_credentials_are_shown_by_a_click_and_to_nobody_else(observed: Project, page: Page, url: str) -> None:
    password = address_of(observed, "postgres").password
    assert password not in page.content()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#secrets")).to_contain_text(password, timeout=_RESET_MS)
    refused = httpx2.post(url.partition("#")[0].replace(f"{observed.name}.localhost", "127.0.0.1") + "credentials")
    assert refused.status_code == 401
    logs = Path(observed.env["XDG_STATE_HOME"]) / "devenv" / observed.name
    token = url.partition("token=")[2]
    written = [file.read_text(errors="replace") for file in (*logs.glob("*.log"), *logs.glob("logs/*"))]
    assert not [text for text in written if token in text or password in text]


def test_a_page_of_another_origin_is_refused(chromium: Browser, page: Page, url: str) -> None:
    home, _, token = url.partition("#token=")
    runs = page.locator("#runs li").count()
    with chromium.new_context() as context:
        attack(context.new_page(), home, token)
    page.reload()
    expect(page.locator("#live-text")).to_have_text("live")
    assert page.locator("#runs li").count() == runs


def test_axe_finds_nothing_and_the_pictures_are_kept(page: Page) -> None:
    expect(page.locator("#summary")).to_contain_text("are ready", timeout=_READY_MS)
    look_at(page, "start-page/environment", quick=True)
