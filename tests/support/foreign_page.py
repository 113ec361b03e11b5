"""A page of another origin, which tries in every way that a browser has to reach the start page."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from support.http_server import Server

ACTS = ("databases/redis/reset", "stacks/traefik/restart", "stacks/traefik/log", "credentials", "ticket", "session")
_TRY = """
async ([home, token, acts]) => {
  const load = (element) => new Promise((resolve) => {
    element.onload = () => resolve("loaded");
    element.onerror = () => resolve("refused");
    document.body.append(element);
  });
  const asked = (path, options) => fetch(home + path, options).then((answer) => answer.text(), () => "refused");
  const opened = (source) => new Promise((resolve) => {
    source.onopen = () => resolve("opened");
    source.onerror = () => resolve("refused");
  });
  const told = {};
  for (const path of acts) {
    told[`fetch ${path}`] = await asked(path, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    told[`simple fetch ${path}`] = await asked(path, { method: "POST", mode: "no-cors", credentials: "include" });
    navigator.sendBeacon(home + path, "");
  }
  told["read"] = await asked("");
  told["read opaquely"] = await asked("", { mode: "no-cors" });
  told["image"] = await load(Object.assign(new Image(), { src: `${home}static/icon.svg` }));
  told["script"] = await load(Object.assign(document.createElement("script"), { src: `${home}static/session.js` }));
  told["socket"] = await opened(new WebSocket(home.replace("http", "ws") + "events"));
  told["events"] = await opened(new EventSource(`${home}events`));
  const frame = Object.assign(document.createElement("iframe"), { src: home });
  await load(frame);
  return told;
}
"""
_SUBMIT = """
(action) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action });
  document.body.append(form);
  form.submit();
}
"""


def attack(page: Page, home: str, token: str) -> None:
    """See all of it refused, though the attacker has the token; only a link shows the page, and does nothing.

    Args:
        page: a tab of its own.
        home: where the start page is.
        token: the start page's.
    """
    own = urlsplit(home)
    with Server() as foreign:
        foreign.serve("/", f'<!doctype html><title>foreign</title><a href="{home}">link</a>'.encode())
        evil = foreign.url.replace("127.0.0.1", "evil.localhost") + "/"
        page.goto(evil)
        told = page.evaluate(_TRY, [home, token, ACTS])
        assert set(told.values()) == {"refused"}, told
        (framed,) = page.frames[1:]
        assert 'id="stacks"' not in framed.content()

        for path in ACTS:
            page.goto(evil)
            with page.expect_navigation() as navigated:
                page.evaluate(_SUBMIT, home + path)
            assert navigated.value.status == 403

        rebound = page.goto(f"http://evil.localhost:{own.port}/")
        assert rebound
        assert rebound.status == 421
        assert 'id="stacks"' not in page.content()

        page.goto(evil)
        page.get_by_role("link").click()
        expect(page.locator("#live-text")).to_have_text("live")
        expect(page.locator("button.token:visible")).to_have_count(0)
