"""Checks of dashboards of Grafana in ConfigMaps with its usual label: what it would pass over, and only log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from devenv.errors import Problem
from devenv.spec.checks.dashboard_files import Written
from devenv.spec.checks.monitoring_objects import written_files
from devenv.spec.workspace import LoadedStack
from devenv.spec.yaml.config_maps import carried_texts, mentions

LABEL = "grafana_dashboard"
CHOSEN = "1"
"""The label's value, as Grafana's own chart and kube-prometheus-stack have it."""


def grafana_problems(stacks: Iterable[LoadedStack]) -> Iterator[Problem]:
    """What is wrong with those that stand in manifests, and in templates where nothing is filled in."""
    files = sorted({file for stack in stacks if not stack.builtin for file in written_files(stack)})
    yield from carried_problems(
        Written(file, text.text.encode(), text.line)
        for file in files
        if (content := mentions(file, LABEL))
        for text in carried_texts(content, LABEL, CHOSEN)
        if text.key.endswith(".json")
    )


def carried_problems(dashboards: Iterable[Written]) -> Iterator[Problem]:
    """What is wrong with dashboards of Grafana that are there together."""
    known: dict[str, Written] = {}
    for written in dashboards:
        try:
            content = json.loads(written.content)
        except (ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
            problem = Problem(written.file, line, "", f"not valid JSON, so Grafana would not show it: {error}")
            yield from written.placed([problem])
            continue
        uid = content.get("uid") if isinstance(content, dict) else None
        if not isinstance(content, dict) or not content.get("title"):
            hint = "export it from Grafana as JSON, in the classic form"
            yield from written.placed(
                [Problem(written.file, 1, "", "a dashboard of Grafana with a title is expected", hint)]
            )
        elif uid and known.setdefault(str(uid), written) is not written:
            message = (
                f"the dashboard of {known[str(uid)].file} has the uid {uid} too, so Grafana would show one of them"
            )
            yield from written.placed(
                [written.document().problem(("uid",), message, "give one of the two another uid")]
            )
