"""The built-in dashboards, and what they ask, for tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

from devenv.adapters.files.paths import data_root

BUILTIN = sorted((data_root() / "stacks").glob("*/*/chart/dashboards/*.json"))
RATE_INTERVAL = "2m"
"""What the page makes of `$__rate_interval`, whose source has `scrapeInterval: 30s`: image/page/src/data.js."""


def queries(file: Path) -> dict[str, str]:
    """The queries as Prometheus gets them where every variable is `all`, by panel and number."""
    panels = json.loads(file.read_text())["spec"]["panels"]
    return {
        f"{key}[{index}]": filled(query["spec"]["plugin"]["spec"]["query"])
        for key, panel in panels.items()
        for index, query in enumerate(panel["spec"]["queries"])
    }


def raw_queries(file: Path) -> list[tuple[str, str]]:
    """The queries as they are written, each with its panel's title."""
    panels = json.loads(file.read_text())["spec"]["panels"].values()
    return sorted(
        (panel["spec"]["display"]["name"], query["spec"]["plugin"]["spec"]["query"])
        for panel in panels
        for query in panel["spec"]["queries"]
    )


def grafana_queries(file: Path) -> list[tuple[str, str]]:
    """The same of a dashboard of Grafana, whose groups are all open."""
    panels = json.loads(file.read_text())["panels"]
    return sorted((panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", ()))


def variable_matchers(file: Path) -> list[str]:
    """The selectors of series that variables take their values from."""
    variables = json.loads(file.read_text())["spec"]["variables"]
    return [filled(text) for v in variables for text in v["spec"]["plugin"]["spec"]["matchers"]]


def filled(text: str) -> str:
    """An expression as it is asked where every variable is `all`."""
    return re.sub(r"\$[a-z]+", ".*", text.replace("$__rate_interval", RATE_INTERVAL))
