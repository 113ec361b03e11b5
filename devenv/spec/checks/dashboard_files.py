"""Checks of dashboards: every `*.json` in a folder `dashboards` of a stack, and what its manifests carry in ConfigMaps.

Responsible for what the page would only show as an error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from devenv.errors import Problem
from devenv.spec.dashboard import Dashboard
from devenv.spec.promql import complaints, expression_problem
from devenv.spec.read.places import files_in
from devenv.spec.read.validation import check
from devenv.spec.read.wording import name_hint
from devenv.spec.workspace import LoadedStack
from devenv.spec.yaml.config_maps import carried_texts, mentions
from devenv.spec.yaml.positions import Document
from devenv.spec.yaml.reader import parse_yaml

FOLDER = "dashboards"
LABEL = "devenv.io/dashboard"


@dataclass(frozen=True, slots=True)
class Written:
    """The JSON of one dashboard, and where it is written."""

    file: Path
    content: bytes
    line: int = 1
    """Of the file: where the JSON begins."""

    @property
    def meaning(self) -> str:
        """What it says, however it is written; itself where it is not JSON."""
        try:
            return json.dumps(json.loads(self.content), sort_keys=True)
        except (ValueError, RecursionError):
            return self.content.decode(errors="replace").strip()

    def placed(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems of the JSON as problems of the file."""
        return [replace(problem, line=problem.line + self.line - 1) for problem in problems]

    def document(self) -> Document:
        """Where everything stands in what is valid JSON."""
        read = parse_yaml(self.content, self.file)
        if read.document is None:
            raise ValueError(f"{self.file} is JSON and no YAML: {read.problems}")
        return read.document


def dashboard_problems(stacks: Iterable[LoadedStack], *, promql: bool) -> Iterator[Problem]:
    """What is wrong with the dashboards of stacks that are installed together, `promql` being what they ask in."""
    names: dict[str, Written] = {}
    for written in _all_written(stacks):
        yield from [written] if isinstance(written, Problem) else _problems(written, names, promql=promql)


def further_problems(
    stacks: Iterable[LoadedStack], known: Iterable[Written], further: Iterable[Written], *, promql: bool
) -> Iterator[Problem]:
    """What is wrong with dashboards beside those in the stacks' files and `known` ones.

    What is in a file too is passed over: a template carries it.
    """
    files = [written for written in _all_written(stacks) if isinstance(written, Written)]
    content = {written.meaning for written in files}
    names: dict[str, Written] = {}
    for written in (*files, *known):
        dashboard, _ = _read(written, promql=False)
        if dashboard:
            names.setdefault(dashboard.metadata.name, written)
    for written in further:
        if written.meaning not in content:
            yield from _problems(written, names, promql=promql)


def _problems(written: Written, names: dict[str, Written], *, promql: bool) -> Iterator[Problem]:
    """What is wrong with a dashboard; its name is put with the other ones."""
    dashboard, problems = _read(written, promql=promql)
    yield from written.placed(problems)
    if dashboard is None:
        return
    name = dashboard.metadata.name
    other = names.setdefault(name, written)
    if other is not written:
        message = f"the dashboard of {other.file} has the name {name} too"
        hint = "give one of the two another name"
        yield from written.placed([written.document().problem(("metadata", "name"), message, hint)])


def dashboard_files(root: Path) -> list[Path]:
    """The files of a stack that hold a dashboard each."""
    folders = (Path(parent) for parent, _, _ in os.walk(root) if Path(parent).name == FOLDER)
    return [file for folder in folders for file in files_in(folder, ".json")]


def _all_written(stacks: Iterable[LoadedStack]) -> Iterator[Written | Problem]:
    stacks = list(stacks)
    for file in sorted({file for stack in stacks for file in dashboard_files(stack.root)}):
        try:
            yield Written(file, file.read_bytes())
        except OSError as error:
            yield Problem(file, 1, "", f"the file cannot be read: {(error.strerror or str(error)).lower()}")
    for file in sorted({file for stack in stacks for file in _manifests(stack)}):
        content = mentions(file, LABEL)
        for carried in carried_texts(content, LABEL) if content else ():
            if carried.key.endswith(".json"):
                yield Written(file, carried.text.encode(), carried.line)


def _manifests(stack: LoadedStack) -> Iterator[Path]:
    """The files with a stack's manifests and kustomizations, which are no templates."""
    for source in stack.spec.sources:
        plain = source.manifests.path if source.manifests and source.manifests.module is None else None
        place = stack.root / (plain or (source.kustomize.path.partition("{")[0] if source.kustomize else ""))
        if place == stack.root:
            continue
        yield from (path for path in (place, *place.rglob("*")) if path.suffix in (".yaml", ".yml") and path.is_file())


def _read(written: Written, *, promql: bool) -> tuple[Dashboard | None, list[Problem]]:
    """The dashboard, and what is wrong with it; none where it cannot be told what it is called."""
    file = written.file
    try:
        data = json.loads(written.content)
    except json.JSONDecodeError as error:
        what = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        return None, [Problem(file, error.lineno, "", what, "check the commas, quotes and brackets here")]
    except (UnicodeDecodeError, RecursionError) as error:
        return None, [Problem(file, 1, "", f"not valid JSON: {error}")]
    # Positions are looked for only where they are needed: reading JSON alone takes a tenth of the time.
    try:
        dashboard = Dashboard.model_validate(data)
    except ValidationError:
        read = parse_yaml(written.content, file)
        checked = check(read.document, Dashboard) if read.document else None
        return None, [*read.problems, *(checked.problems if checked else ())]
    wrong = list(complaints(dashboard.expressions(), variables=True)) if promql else []
    found = [expression_problem(written.document(), *each) for each in wrong]
    return dashboard, [*found, *_loose_references(dashboard, written)]


def _loose_references(dashboard: Dashboard, written: Written) -> Iterator[Problem]:
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
    document = written.document()
    for path, panel in missing:
        yield document.problem(path, f"there is no panel {panel}", name_hint(panel, panels, "panels"))
    for panel in sorted(unseen):
        message = f"the panel {panel} has no place in a layout, so it is not shown"
        yield document.problem(("spec", "panels", panel), message, "give it a place, or remove it")
