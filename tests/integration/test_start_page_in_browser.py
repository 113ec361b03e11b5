"""The start page in a real browser, with values instead of a cluster: how it looks, reads and acts, and for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.browser import WIDTHS, browser, look_at, pictures
from support.foreign_page import attack
from support.page_server import served
from support.page_values import PASSWORD, PROJECT, TOKEN, ValuesPage, busy_view, healthy_view, stack, stopped_view

from devenv.adapters.docker import Engine
from devenv.page.board import Board
from devenv.page.view import View

VIEWS = {
    "busy": busy_view(),
    "healthy": healthy_view(),
    "unknown": View(PROJECT),
    "stopped": stopped_view(),
}


@pytest.fixture(scope="module")
def chromium(engine: Engine) -> Iterator[Browser]:
    with browser(engine) as found:
        yield found


@pytest.fixture
def values() -> ValuesPage:
    return ValuesPage()


@pytest.fixture
def home(values: ValuesPage) -> Iterator[str]:
    """The address of the page of values."""
    with served(values) as url:
        yield url


@pytest.fixture
def page(chromium: Browser, home: str) -> Iterator[Page]:
    """The page, live, as `devenv open` opens it."""
    with chromium.new_context() as context:
        page = context.new_page()
        enter(page, home)
        yield page


def enter(page: Page, home: str) -> None:
    page.goto(f"{home}#token={TOKEN}")
    expect(page.locator("#live-text")).to_have_text("live")


@pytest.mark.parametrize("name", VIEWS)
def test_axe_finds_nothing_and_nothing_is_cut_off(chromium: Browser, name: str) -> None:
    with served(ValuesPage(Board(VIEWS[name]))) as home, chromium.new_context() as context:
        page = context.new_page()
        enter(page, home)
        look_at(page, f"start-page/{name}", quick=name != "busy")


def test_axe_finds_nothing_in_what_unfolds(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#secrets")).to_contain_text(PASSWORD)
    look_at(page, "start-page/unfolded", quick=True)
    page.get_by_role("button", name="Log of traefik").click()
    expect(page.get_by_role("dialog")).to_contain_text("the last line of traefik")
    look_at(page, "start-page/log", quick=True)


def test_the_list_is_there_without_javascript(chromium: Browser, home: str) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(home)
        for each in busy_view().stacks:
            expect(page.locator(f"#row-{each.status.name}")).to_contain_text(each.status.state.replace("-", " "))
        for link in busy_view().endpoints:
            expect(page.locator(f'#endpoints a[href="{link.url}"]')).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)
        expect(page.locator("noscript p")).to_have_text(re.compile("Without JavaScript the page is loaded anew"))
        expect(page.locator("noscript p")).to_be_visible()
        assert [width for _, width in pictures(page, "start-page/no-javascript")] == [*WIDTHS, *WIDTHS]


def test_everything_is_reached_by_keyboard_in_the_order_of_the_page(page: Page, values: ValuesPage) -> None:
    focused = "document.activeElement.closest('a, button, summary')"
    name = f"{focused}?.getAttribute('aria-label') ?? {focused}?.textContent.trim()"
    wanted = page.evaluate(
        """[...document.querySelectorAll('a, button, summary')].filter((each) => each.checkVisibility())
            .map((each) => each.getAttribute('aria-label') ?? each.textContent.trim())"""
    )
    reached = []
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.append(page.evaluate(name))
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none", reached[-1]
    assert reached == wanted
    assert reached[0].startswith("Skip")

    restart = page.get_by_role("button", name="Restart traefik", exact=True)
    restart.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(restart).to_be_focused()
    assert not values.began
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_have_text("Restart traefik: begun")
    assert values.began == ["restart traefik"]


def test_a_question_that_is_asked_again_at_once_is_answered_once(page: Page, values: ValuesPage) -> None:
    page.evaluate(
        """() => {
            const restart = document.querySelector('button[aria-label="Restart traefik"]');
            restart.click();
            document.getElementById("confirm").close("");
            restart.click();
        }"""
    )
    page.locator("#confirm-yes").click()
    expect(page.locator("#say")).to_have_text("Restart traefik: begun")
    assert values.began == ["restart traefik"]


def test_what_changes_is_seen_and_said_and_leaves_the_reader_where_they_are(page: Page, values: ValuesPage) -> None:
    page.locator("#stack-traefik summary").click()
    log = page.get_by_role("button", name="Log of traefik")
    log.focus()
    ready = tuple(stack(s.status.name, s.status.layer) for s in values.board.view.stacks)
    values.board.update(stacks=ready, failures=())
    expect(page.locator("#summary")).to_contain_text("All 8 stacks are ready")
    expect(page.locator("#row-postgres.ready")).to_be_visible()
    expect(page.get_by_role("heading", name="What fails now")).to_have_count(0)
    expect(page.locator("#say")).to_contain_text("ready")
    expect(log).to_be_focused()
    assert page.locator("#stack-traefik").get_attribute("open") is not None


def test_a_page_whose_server_is_gone_says_that_it_is_not_live(chromium: Browser) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        with served(ValuesPage(Board(healthy_view()))) as home:
            enter(page, home)
        expect(page.locator("#live-text")).to_have_text("not live: devenv open")
        expect(page.locator("body.stale")).to_be_visible()


def test_urls_are_copied_and_secrets_come_by_a_click_alone(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the URL of backend of shop-backend").click()
    expect(page.locator("#say")).to_have_text("copied")
    assert page.evaluate("navigator.clipboard.readText()") == "http://backend.shop.localhost:8080/"
    assert PASSWORD not in page.content()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#secrets")).to_contain_text(PASSWORD)
    page.get_by_role("button", name="Hide", exact=True).click()
    assert PASSWORD not in page.content()


def test_the_token_leaves_the_address_and_others_get_no_buttons(chromium: Browser, page: Page, home: str) -> None:
    assert page.url == home
    expect(page.get_by_role("button", name="Restart traefik", exact=True)).to_be_visible()
    with chromium.new_context() as context:
        other = context.new_page()
        other.goto(home)
        expect(other.locator("#live-text")).to_have_text("live")
        expect(other.get_by_text("open this page by devenv open")).to_be_visible()
        expect(other.locator("button.token:visible")).to_have_count(0)


def test_a_page_of_another_origin_gets_nothing_and_does_nothing(
    chromium: Browser, home: str, values: ValuesPage
) -> None:
    with chromium.new_context() as context:
        attack(context.new_page(), home, TOKEN)
    assert not values.began
