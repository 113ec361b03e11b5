"""The built-in dashboards, what they ask, and the page that shows them, for tests."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

from devenv.adapters.files.paths import data_root
from support.environment import Project
from support.loopback import answer_at
from support.waiting import await_true

BUILTIN = sorted((data_root() / "stacks").glob("*/*/chart/dashboards/*.json"))
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PROMETHEUS = "/api/prometheus/api/v1"
"""Where the page has what answers its queries."""
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


def all_queries() -> dict[str, str]:
    """All that the built-in dashboards ask, panels and variables, by dashboard and panel."""
    return {
        f"{file.stem}: {panel}": query
        for file in BUILTIN
        for panel, query in (*queries(file).items(), *((text, text) for text in variable_matchers(file)))
    }


class DashboardsPage:
    """The page of an environment that is up, as a browser reaches it through Traefik."""

    def __init__(self, observed: Project) -> None:
        (url,) = (str(e["url"]) for e in observed.status()["endpoints"] if e["name"] == "dashboards")
        self._url = url

    def at(self, path: str) -> str:
        """The address of a path."""
        return urljoin(self._url, path)

    def ask(self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and body of an answer."""
        status, answer = answer_at(self.at(path), method, body, headers)
        return status, answer.decode()

    def dashboards(self) -> dict[str, dict[str, Any]]:
        """All that are listed, by namespace, ConfigMap and key."""
        status, body = self.ask("GET", "/api/dashboards")
        assert status == 200, body
        return {f"{entry['namespace']}/{entry['configMap']}/{entry['key']}": entry for entry in json.loads(body)}

    def series(self, query: str) -> int:
        """How many series a query gives, asked as the page asks."""
        status, body = self.ask("POST", f"{PROMETHEUS}/query", urlencode({"query": query}), FORM)
        assert status == 200, f"{query}: {body}"
        return len(json.loads(body)["data"]["result"])

    def await_data(self, asked: dict[str, str], seconds: float) -> None:
        """Wait until each of some queries, by names, has given data: a rate takes two readings."""
        waiting = dict(asked)

        def answered() -> bool:
            for name, query in list(waiting.items()):
                if self.series(query):
                    del waiting[name]
            return not waiting

        try:
            await_true(answered, seconds)
        except AssertionError:
            assert waiting == {}, f"without data after {seconds:g} s: {waiting}"
