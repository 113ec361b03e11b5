"""What goes to standard output: plans and tables."""

from __future__ import annotations

import io
import json

from support.story import PLAN

from devenv.events import PlanMade, PlannedStep
from devenv.ui.plan_view import plan_json, plan_tree
from devenv.ui.tables import print_table


def test_a_plan_as_a_tree() -> None:
    assert (
        plan_tree(PLAN, needs=True)
        == """\
project alt, cluster devenv-alt: 5 steps to do
├─ tools
│  └─ Provide kind
├─ images
│  └─ Build image traefik (new)
├─ cluster
│  └─ Create cluster devenv-alt (new) [after tool/kind]
├─ 02-infrastructure
│  └─ Install chart postgres (changed: values) [after cluster/create]
└─ 04-core-services
   └─ Install chart alt-backend (new) [after install/postgres]
unchanged: namespaces"""
    )


def test_a_plan_with_nothing_to_do() -> None:
    nothing = PlanMade("alt", "devenv-alt", (), ("namespaces", "traefik"))
    assert (
        plan_tree(nothing)
        == """\
project alt, cluster devenv-alt: nothing to do
unchanged: namespaces, traefik"""
    )


def test_a_plan_as_json() -> None:
    data = json.loads(plan_json(PLAN))
    assert list(data) == ["project", "cluster", "steps", "unchanged"]
    assert data["steps"][0] == {
        "key": "tool/kind",
        "title": "Provide kind",
        "group": "tools",
        "needs": [],
        "reason": "",
        "loses": "",
    }


def test_a_loss_stands_in_the_plan() -> None:
    step = PlannedStep("k", "Replace persistentvolumeclaim files", "apps", (), "2Gi -> 1Gi", "all that it holds")
    tree = plan_tree(PlanMade("alt", "devenv-alt", (step,)))
    assert "Replace persistentvolumeclaim files (2Gi -> 1Gi) — loses all that it holds" in tree


ROWS = [["backend", "ready", "http://backend.alt.localhost/[path]"], ["s3", "not ready", "-"]]


def table(width: int | None) -> str:
    stream = io.StringIO()
    print_table(["name", "state", "url"], ROWS, stream=stream, width=width)
    return stream.getvalue()


def test_a_table_in_a_pipe_has_a_line_per_row_and_cuts_nothing() -> None:
    assert (
        table(None)
        == """\
NAME     STATE      URL
backend  ready      http://backend.alt.localhost/[path]
s3       not ready  -
"""
    )


def test_a_narrow_table_folds_and_loses_nothing() -> None:
    lines = table(34).splitlines()
    assert all(len(line) <= 34 for line in lines)
    shown = "".join(line[20:].strip() for line in lines[1:])
    assert "http://backend.alt.localhost/[path]" in shown
