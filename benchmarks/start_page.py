"""How quick the start page is, in Chromium, over an environment that is up: first paint, a pod that fails, an alert.

Takes the environment of the project in a folder, the tests' extra and an engine for Chromium; deletes pods of a stack
and, for the alert, scales it to nothing for a while. Prints the figures beside the targets; with `--write` they go into
docs/start-page.md.

    python benchmarks/start_page.py FOLDER --stack redis [--alert] [--rounds 5] [--write]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from machine import describe_machine, devenv, kubectl, run, write_table
from playwright.sync_api import Browser, Page, expect

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.browser import browser

from devenv.adapters.docker import Engine
from devenv.adapters.tools.toolchain import Toolchain
from devenv.spec.catalogue import load_versions

PAINT_SECONDS, CHANGE_SECONDS, ALERT_SECONDS = 0.5, 2.0, 45.0
"""The targets."""
_PATIENCE_MS = 180_000
_DOCS = Path(__file__).resolve().parents[1] / "docs" / "start-page.md"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stack", default="redis", help="whose pod is deleted; a StatefulSet of the stack's name")
    parser.add_argument("--alert", action="store_true", help="also scale it to nothing until an alert is on the page")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table into docs/start-page.md")
    asked = parser.parse_args()
    command = [*kubectl(asked.folder), "--namespace", namespace_of(asked.folder, asked.stack)]
    url = devenv(asked.folder, "open", "--print").strip()
    engine = Engine.connect(Toolchain(load_versions().tools).locate("buildx").path)
    with browser(engine) as chromium:
        rows = [row("first paint", [paint(chromium, url) for _ in range(asked.rounds)], PAINT_SECONDS)]
        with live(chromium, url) as page:
            falls = [fall(command, page, asked.stack) for _ in range(asked.rounds)]
            rows.append(row("a pod that fails is seen", falls, CHANGE_SECONDS))
            if asked.alert:
                seconds = alert(command, page, asked.stack)
                rows.append(row("the alert of a database at zero is seen", [seconds], ALERT_SECONDS))
    engine.close()
    head = "| after | median, s | longest, s | target, s |\n| --- | --- | --- | --- |"
    text = "\n".join([describe_machine(), "", head, *rows])
    print(text)
    if asked.write:
        write_table(_DOCS, "page", text)


def namespace_of(folder: Path, stack: str) -> str:
    """Of a stack of an environment in which everything is ready."""
    report: dict[str, Any] = json.loads(devenv(folder, "status", "--json"))
    return str(next(s["namespace"] for s in report["stacks"] if s["name"] == stack))


def row(what: str, seconds: list[float], target: float) -> str:
    return f"| {what} | {statistics.median(seconds):.2f} | {max(seconds):.2f} | {target:g} |"


@contextmanager
def live(chromium: Browser, url: str) -> Iterator[Page]:
    """The page in a context of its own, as a first visitor's browser has it."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(url)
        expect(page.locator("#live-text")).to_have_text("live", timeout=_PATIENCE_MS)
        yield page


def paint(chromium: Browser, url: str) -> float:
    """Seconds from the request for the page to its first words, with an empty cache."""
    with live(chromium, url) as page:
        page.wait_for_function(_PAINT)
        return float(page.evaluate(_PAINT)) / 1000


def fall(command: Sequence[str], page: Page, stack: str) -> float:
    """Seconds from the command that deletes a stack's pod to its row's being not ready."""
    expect(page.locator(f"#row-{stack}.ready")).to_be_visible(timeout=_PATIENCE_MS)
    deletion = ("delete", "pod", f"{stack}-0", "--grace-period=0", "--force", "--wait=false")
    return _until(lambda: run([*command, *deletion]), page, f"#row-{stack}.not-ready")


def alert(command: Sequence[str], page: Page, stack: str) -> float:
    """Seconds from a stack's scaling to nothing to an alert of it on the page."""
    told = f'#alerts li:has-text("{stack}")'
    expect(page.locator(f"#row-{stack}.ready")).to_be_visible(timeout=_PATIENCE_MS)
    expect(page.locator(told)).to_have_count(0, timeout=_PATIENCE_MS)
    scale = (*command, "scale", f"statefulset/{stack}")
    try:
        return _until(lambda: run([*scale, "--replicas=0"]), page, told)
    finally:
        run([*scale, "--replicas=1"])


def _until(act: Callable[[], object], page: Page, selector: str) -> float:
    began = time.monotonic()
    act()
    page.wait_for_selector(selector, timeout=_PATIENCE_MS)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
