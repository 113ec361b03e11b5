"""Checks of rules and monitors that a stack installs: what would be there, and read nothing or stop all rules.

Responsible for one object at a time. Where it is written, who asks tells by the document's lines: a manifest, the part
of a chart's template that has no template in it, or what Helm made of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from devenv.errors import Problem
from devenv.spec.monitors import MONITORING, VICTORIA_METRICS, PrometheusRule, engine_of
from devenv.spec.promql import complaints, expression_problem
from devenv.spec.read.validation import check
from devenv.spec.workspace import LoadedStack
from devenv.spec.yaml.positions import Document, KeyPath
from devenv.spec.yaml.reader import parse_objects
from devenv.spec.yaml.text import NotTextError, decode

KINDS = ("PrometheusRule", "ServiceMonitor", "PodMonitor", "Probe")
_GROUP = "monitoring.coreos.com/"
_TARGETS: dict[str, tuple[KeyPath, str]] = {
    "ServiceMonitor": (("spec", "endpoints"), "add one, such as `endpoints: [{port: metrics}]`"),
    "PodMonitor": (("spec", "podMetricsEndpoints"), "add one, such as `podMetricsEndpoints: [{port: metrics}]`"),
}
_BETWEEN = re.compile(r"^---.*$", re.MULTILINE)


def is_promql_asked(stacks: Iterable[LoadedStack]) -> bool:
    """Whether Prometheus answers; VictoriaMetrics has a language of its own, MetricsQL, which takes more."""
    return not any(
        stack.spec.name == MONITORING and engine_of(stack.spec.values) == VICTORIA_METRICS for stack in stacks
    )


def object_problems(document: Document, *, promql: bool) -> Iterator[Problem]:
    """What is wrong with one object, should it be one of the operator's."""
    kind, version = (_text(document, key) for key in ("kind", "apiVersion"))
    if not version.startswith(_GROUP):
        return
    if kind == "PrometheusRule":
        yield from _rule_problems(document, promql=promql)
    elif kind == "Probe":
        targets = [document.find(("spec", "targets", key)) for key in ("staticConfig", "ingress")]
        if not any(targets):
            hint = "add `staticConfig: {static: [an address]}`, or `ingress: {selector: …}`"
            yield document.problem(("spec", "targets"), "the Probe has no targets, so it asks nobody", hint)
    elif kind in _TARGETS:
        path, hint = _TARGETS[kind]
        found = document.find(path)
        if found is None or not found.value:
            yield document.problem(path, f"the {kind} has no endpoint, so it reads nothing", hint)


def written_problems(stack: LoadedStack, *, promql: bool) -> Iterator[Problem]:
    """What is wrong with the objects that stand in a stack's manifests, and in its chart where nothing is filled in."""
    for file in written_files(stack):
        for document in written_objects(file):
            yield from object_problems(document, promql=promql)


def written_files(stack: LoadedStack) -> Iterator[Path]:
    """The files with plain manifests and templates of a stack's own sources."""
    for source in stack.spec.sources:
        if source.manifests and source.manifests.path and not source.manifests.module:
            yield from _yaml_files(stack.root / source.manifests.path)
        if source.chart and source.chart.path and not source.chart.module:
            yield from _yaml_files(stack.root / source.chart.path / "templates")


def written_objects(file: Path) -> Iterator[Document]:
    """The objects in a file, where one of the operator's is among them; what has a template in it is passed over."""
    try:
        content = file.read_bytes()
        if not any(kind.encode() in content for kind in KINDS):
            return
        text = decode(content)
    except (OSError, NotTextError):
        return  # told by who installs it
    begin = 0
    for end in [*(mark.start() for mark in _BETWEEN.finditer(text)), len(text)]:
        part = text[begin:end]
        if "{{" not in part:
            # Lines before it, emptied: so each keeps its number.
            yield from parse_objects("\n" * text.count("\n", 0, begin) + part, file)
        begin = end


def _rule_problems(document: Document, *, promql: bool) -> Iterator[Problem]:
    checked = check(document, PrometheusRule)
    yield from checked.problems
    if checked.problems or checked.model is None:
        return
    rule = checked.model
    if promql:
        for expression, complaint in complaints(rule.expressions(), variables=False):
            yield expression_problem(document, expression, complaint)
    names: dict[str, int] = {}
    for index, group in enumerate(rule.spec.groups):
        if names.setdefault(group.name, index) != index:
            message = f"the group {group.name} is there twice, so Prometheus would load no rules at all"
            yield document.problem(("spec", "groups", index, "name"), message, "give one of the two another name")
    known: dict[Any, KeyPath] = {}
    for path, one in rule.rules():
        group_path = path[:3]
        first = known.setdefault((group_path, one.identity), path)
        if first != path:
            key = "alert" if one.alert else "record"
            where = document.line((*first, key))
            message = (
                f"{one.alert or one.record} is there twice in its group with the same labels, first on line {where}"
            )
            yield document.problem((*path, key), message, "remove one of the two, or give it another name or label")


def _yaml_files(place: Path) -> list[Path]:
    found = (place, *place.rglob("*"))
    return sorted(path for path in found if path.suffix in (".yaml", ".yml", ".json") and path.is_file())


def _text(document: Document, key: str) -> str:
    node = document.find((key,))
    return node.value if node and isinstance(node.value, str) else ""
