"""A plan before it runs, for `up --plan`: a tree for people, one JSON document for programs.

Responsible for wording a plan. It neither makes nor changes one.
"""

from __future__ import annotations

import json

from devenv.events import PlanMade, PlannedStep
from devenv.ui.run.wire import as_wire
from devenv.ui.wording import count


def plan_tree(plan: PlanMade, *, needs: bool = False) -> str:
    """The plan as a tree of groups and steps with their reasons; `needs` adds what each step waits for."""
    head = f"project {plan.project}, cluster {plan.cluster}"
    groups: dict[str, list[PlannedStep]] = {}
    for step in plan.steps:
        groups.setdefault(step.group, []).append(step)
    lines = [f"{head}: {count(len(plan.steps), 'step')} to do" if groups else f"{head}: nothing to do"]
    for number, (group, steps) in enumerate(groups.items(), start=1):
        last_group = number == len(groups)
        lines.append(f"{'└─' if last_group else '├─'} {group}")
        for position, step in enumerate(steps, start=1):
            branch = "└─" if position == len(steps) else "├─"
            lines.append(f"{'   ' if last_group else '│  '}{branch} {_step(step, needs=needs)}")
    if plan.unchanged:
        lines.append(f"unchanged: {', '.join(plan.unchanged)}")
    return "\n".join(lines)


def plan_json(plan: PlanMade) -> str:
    """The plan as one JSON document: the wire format of the event `plan-made`, without its type."""
    data = as_wire(plan)
    del data["type"]
    return json.dumps(data, indent=2)


def _step(step: PlannedStep, *, needs: bool) -> str:
    reason = f" ({step.reason})" if step.reason else ""
    after = f" [after {', '.join(step.needs)}]" if needs and step.needs else ""
    loss = f" — loses {step.loses}" if step.loses else ""
    return f"{step.title}{reason}{loss}{after}"
