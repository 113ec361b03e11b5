"""A real browser: Debian's Chromium in a container that shares the host's network, steered by Playwright."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Browser, Page, expect, sync_playwright

from devenv.adapters.docker import BuildRequest, Engine
from support.images import provide
from support.nodes import LABELS, RUN, await_words

WIDTHS = (360, 800, 1440)
"""Of a telephone, half a screen and a screen, in pixels."""
SCHEMES = ("light", "dark")
_HEIGHT = 900
_PATIENCE_MS = 30_000
"""On a machine that is busy with clusters; what comes sooner is awaited no longer."""
_FOLDER = Path(__file__).parent
_ARTIFACTS = _FOLDER.parents[1] / "test-artifacts"
_LISTENS = re.compile(rb"DevTools listening on (ws://\S+)")


@contextmanager
def browser(engine: Engine) -> Iterator[Browser]:
    """The browser; it goes with the test."""
    reference = f"localhost/devenv-test/browser:{RUN}"
    dockerfile = _FOLDER / "browser.Dockerfile"
    args = {"DEBIAN_TRIXIE": provide("debian-trixie", engine)}
    engine.builds.run(BuildRequest(reference, dockerfile, _FOLDER, args=args, labels=LABELS))
    container = engine.client.containers.run(reference, detach=True, network_mode="host", labels=LABELS)
    try:
        await_words(container, b"DevTools listening on")
        listens = _LISTENS.search(container.logs())
        assert listens
        expect.set_options(timeout=_PATIENCE_MS)
        with sync_playwright() as playwright:
            yield playwright.chromium.connect_over_cdp(listens[1].decode())
    finally:
        sys.stderr.write(container.logs(tail=20).decode(errors="replace"))  # why it ended, where it did
        engine.containers.remove([str(container.name)])
        engine.images.remove([reference])


def look_at(page: Page, name: str, *, quick: bool = False) -> None:
    """Keep pictures of a page at each width, light and dark; fails where it is wider than that, or axe finds something.

    Args:
        page: as it is to be seen.
        name: folder and beginning of the file's name below `test-artifacts`: `start-page/busy`.
        quick: have axe look at one light and one dark picture only, of what differs little from another page.
    """
    looks = {f"{name}-light-{WIDTHS[0]}.png", f"{name}-dark-{WIDTHS[-1]}.png"}
    wrong: list[tuple[str, Any]] = []
    for picture, width in pictures(page, name):
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            wrong.append((picture, f"it is {needed} pixels wide"))
        asked = not quick or picture in looks
        violations = Axe().run(page).response["violations"] if asked else []
        wrong += [(picture, (found["id"], [node["html"] for node in found["nodes"]])) for found in violations]
    assert not wrong, wrong


def pictures(page: Page, name: str) -> Iterator[tuple[str, int]]:
    """Keep pictures of a page; yields the name and width of each while the page is as on it."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": _HEIGHT})
            picture = f"{name}-{scheme}-{width}.png"
            (_ARTIFACTS / picture).parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=_ARTIFACTS / picture, full_page=True)
            yield picture, width
