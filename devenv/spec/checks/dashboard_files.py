"""Checks of dashboards: every `*.json` in a folder `dashboards` of a stack, whatever installs it.

Responsible for what the page would only show as an error. Whether a query is PromQL, only Prometheus can tell.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from devenv.errors import Problem
from devenv.spec.dashboard import Dashboard
from devenv.spec.read.places import files_in
from devenv.spec.read.validation import check
from devenv.spec.read.wording import name_hint
from devenv.spec.workspace import LoadedStack
from devenv.spec.yaml.positions import Document
from devenv.spec.yaml.reader import parse_yaml

FOLDER = "dashboards"


def dashboard_problems(stacks: Iterable[LoadedStack]) -> Iterator[Problem]:
    """What is wrong with the dashboards of stacks that are installed together."""
    names: dict[str, Path] = {}
    for file in sorted({file for stack in stacks for file in dashboard_files(stack.root)}):
        try:
            content = file.read_bytes()
        except OSError as error:
            yield Problem(file, 1, "", f"the file cannot be read: {(error.strerror or str(error)).lower()}")
            continue
        dashboard, problems = _read(file, content)
        yield from problems
        if dashboard is None:
            continue
        name = dashboard.metadata.name
        other = names.setdefault(name, file)
        if other != file:
            message = f"the dashboard of {other} has the name {name} too"
            line = _document(file, content).line(("metadata", "name"))
            yield Problem(file, line, "metadata.name", message, "give one of the two another name")


def dashboard_files(root: Path) -> list[Path]:
    """The files of a stack that hold dashboards."""
    folders = (Path(parent) for parent, _, _ in os.walk(root) if Path(parent).name == FOLDER)
    return [file for folder in folders for file in files_in(folder, ".json")]


def _read(file: Path, content: bytes) -> tuple[Dashboard | None, list[Problem]]:
    """The dashboard, and what is wrong with it; none where it cannot be told what it is called."""
    try:
        data = json.loads(content)
    except json.JSONDecodeError as error:
        what = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        return None, [Problem(file, error.lineno, "", what, "check the commas, quotes and brackets here")]
    except (UnicodeDecodeError, RecursionError) as error:
        return None, [Problem(file, 1, "", f"not valid JSON: {error}")]
    # Positions are looked for only where they are needed: reading JSON alone takes a tenth of the time.
    try:
        dashboard = Dashboard.model_validate(data)
    except ValidationError:
        read = parse_yaml(content, file)
        checked = check(read.document, Dashboard) if read.document else None
        return None, [*read.problems, *(checked.problems if checked else ())]
    return dashboard, list(_loose_references(dashboard, file, content))


def _loose_references(dashboard: Dashboard, file: Path, content: bytes) -> Iterator[Problem]:
    """Places in the layout for panels that there are not, and panels that lie nowhere."""
    panels = dashboard.spec.panels
    shown = [
        (("spec", "layouts", group, "spec", "items", index, "content", "$ref"), item.content.panel)
        for group, layout in enumerate(dashboard.spec.layouts)
        for index, item in enumerate(layout.spec.items)
    ]
    missing = [(path, panel) for path, panel in shown if panel not in panels]
    unseen = panels.keys() - {panel for _, panel in shown}
    if not missing and not unseen:
        return
    document = _document(file, content)
    for path, panel in missing:
        yield document.problem(path, f"there is no panel {panel}", name_hint(panel, panels, "panels"))
    for panel in sorted(unseen):
        message = f"the panel {panel} has no place in a layout, so it is not shown"
        yield document.problem(("spec", "panels", panel), message, "give it a place, or remove it")


def _document(file: Path, content: bytes) -> Document:
    """Where everything stands in a file that is JSON."""
    read = parse_yaml(content, file)
    if read.document is None:
        raise ValueError(f"{file} is JSON and no YAML: {read.problems}")
    return read.document
