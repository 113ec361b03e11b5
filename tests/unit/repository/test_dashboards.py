"""The built-in dashboards: names and links lead somewhere, and no series that they ask for is dropped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.dashboards import BUILTIN, queries, variable_matchers

from devenv.adapters.files.paths import data_root
from devenv.spec.checks.dashboard_files import dashboard_files
from devenv.spec.dashboard import Dashboard

OBSERVABILITY = data_root() / "stacks" / "03-observability"
FILES = BUILTIN
UNKEPT = re.compile(r"node_|devenv_|ALERTS$|up$|scrape_")
"""Of node-exporter and of what devenv pushes everything is kept; some series Prometheus makes itself."""
WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "inf"}


def kept_series() -> list[str]:
    """The expressions of `keep` in the profile dev, where alone some is dropped."""
    values = yaml.safe_load((OBSERVABILITY / "monitoring" / "values" / "dev.yaml").read_text())
    found: list[str] = []
    pending: list[Any] = [values["monitors"], values["etcd"]]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, list):
            found += item
    return found


def recorded_series() -> set[str]:
    files = (OBSERVABILITY / "monitoring" / "chart" / "rules").glob("*.yaml")
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}


def series_of(query: str) -> set[str]:
    """The names of series in an expression: what is left without texts, labels, functions and words."""
    query = re.sub(r'"(\\.|[^"\\])*"', "", query)
    query = re.sub(r"\{[^}]*\}|\[[^]]*\]", " ", query)
    query = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", query)
    return {name for name in re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*\b(?!\s*\()", query) if name not in WORDS} - {"e6"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dashboard_is_called_as_its_file_and_its_links_lead_to_others(file: Path) -> None:
    content = json.loads(file.read_text())
    dashboard = Dashboard.model_validate(content)
    assert dashboard.metadata.name == file.stem
    assert content["spec"]["display"].keys() == {"name", "description"}
    for panel in content["spec"]["panels"].values():
        for link in panel["spec"].get("links", ()):
            assert re.match(r"/d/([\w-]+)", link["url"])[1] in {other.stem for other in FILES}  # type: ignore[index]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_series_that_a_dashboard_asks_for_is_dropped(file: Path) -> None:
    kept, recorded = kept_series(), recorded_series()
    asked = {name for text in (*queries(file).values(), *variable_matchers(file)) for name in series_of(text)}
    assert asked
    dropped = {
        name
        for name in asked - recorded
        if not UNKEPT.match(name) and not any(re.fullmatch(expression, name) for expression in kept)
    }
    assert dropped == set()


def test_every_dashboard_of_a_service_can_be_switched_on() -> None:
    values = yaml.safe_load((OBSERVABILITY / "dashboards" / "chart" / "values.yaml").read_text())
    stack = yaml.safe_load((OBSERVABILITY / "dashboards" / "stack.yaml").read_text())
    switched = {name for more in stack["alongside"].values() for name in more["values"].get("services", ())}
    assert set(values["services"]) == switched
    assert switched <= {file.stem for file in FILES}


def test_the_kinds_of_panels_are_those_of_the_page() -> None:
    """Each kind that a dashboard may have is of a package that the page is built with."""
    page = OBSERVABILITY / "dashboards" / "image" / "page"
    imported = set(re.findall(r"@perses-dev/[a-z-]+-plugin", (page / "src" / "plugins.js").read_text()))
    wanted = set(json.loads((page / "package.json").read_text())["dependencies"])
    assert imported == {name for name in wanted if name.startswith("@perses-dev/") and name.endswith("-plugin")}
    locked = json.loads((page / "package-lock.json").read_text())["packages"]
    assert all("resolved" not in package for package in locked.values()), "the lock names no registry"


def test_dashboards_are_found_wherever_a_stack_has_them() -> None:
    assert sorted(dashboard_files(OBSERVABILITY / "dashboards")) == FILES
