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
        f"{key}[{index}]": _filled(query["spec"]["plugin"]["spec"]["query"])
        for key, panel in panels.items()
        for index, query in enumerate(panel["spec"]["queries"])
    }


def variable_matchers(file: Path) -> list[str]:
    """The selectors of series that variables take their values from."""
    variables = json.loads(file.read_text())["spec"]["variables"]
    return [_filled(text) for v in variables for text in v["spec"]["plugin"]["spec"]["matchers"]]


def _filled(text: str) -> str:
    return re.sub(r"\$[a-z]+", ".*", text.replace("$__rate_interval", RATE_INTERVAL))
