"""The plan: steps with their needs, as data that can be printed, compared and executed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from devenv.events import PlanMade, PlannedStep
from devenv.plan.steps import (
    AssembleNodeImage,
    BootstrapImage,
    BuildImage,
    InstallChart,
    ReplaceObject,
    RunHook,
    RunTask,
    StartCluster,
    StartServing,
    Step,
    UninstallStack,
)


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One step of the plan."""

    step: Step
    needs: frozenset[str]
    """Keys of the steps that must have succeeded."""
    reason: str
    """Why it has to run: `new`, `changed`, `not ready`, `missing` …"""

    @property
    def key(self) -> str:
        """The step's key."""
        return self.step.key


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done, and what need not be."""

    project: str
    cluster: str
    nodes: tuple[PlanNode, ...]
    unchanged: tuple[str, ...]
    """Stacks whose content and readiness already are as wanted."""

    @classmethod
    def of(cls, project: str, cluster: str, nodes: Iterable[PlanNode], unchanged: Iterable[str] = ()) -> Self:
        """The plan of some steps, each of its own key; needs that none of them meets are met already."""
        steps = tuple(nodes)
        times = Counter(node.key for node in steps)
        if repeated := [key for key, count in times.items() if count > 1]:
            raise AssertionError(f"several steps of a plan are called {', '.join(repeated)}")
        needed = tuple(replace(node, needs=node.needs & times.keys()) for node in steps)
        return cls(project, cluster, needed, tuple(unchanged))

    @property
    def starts_cluster(self) -> bool:
        """Whether this is the first of two plans: what a stopped cluster records is known only once it runs."""
        return any(isinstance(node.step, StartCluster) for node in self.nodes)

    @property
    def leading_tasks(self) -> Plan:
        """What runs before all else: once it has, the rest is planned anew, of what the tasks have made."""
        nodes = [node for node in self.nodes if isinstance(node.step, RunTask) and node.step.leads]
        return Plan.of(self.project, self.cluster, nodes)

    @property
    def made_images(self) -> tuple[str, ...]:
        """The names of the images that are made, and not pulled."""
        made = (BuildImage, BootstrapImage, AssembleNodeImage)
        return tuple(node.step.image for node in self.nodes if isinstance(node.step, made))

    @property
    def losses(self) -> tuple[str, ...]:
        """What of the user's would be lost by it, in words: to be agreed to before it is run."""
        return tuple(loss for node in self.nodes if (loss := _loss(node.step)))

    @property
    def host_commands(self) -> tuple[str, ...]:
        """The commands that it runs on this machine, as a shell's lines: to be agreed to once in a project."""
        return tuple(dict.fromkeys(shown for node in self.nodes for shown in _host_commands(node.step)))

    def as_event(self) -> PlanMade:
        """The plan as the sinks see it."""
        steps = tuple(
            PlannedStep(n.key, n.step.title, n.step.group, tuple(sorted(n.needs)), n.reason, _loss(n.step))
            for n in self.nodes
        )
        return PlanMade(self.project, self.cluster, steps, self.unchanged)


def _host_commands(step: Step) -> tuple[str, ...]:
    match step:
        case RunHook(hook=hook):
            return (hook.shown,) if hook.command else ()
        case BuildImage():
            return step.host_commands
        case RunTask(spec=task):
            return (task.shown,)
        case StartServing(spec=task):
            return (task.shown_serve,)
        case _:
            return ()


def _loss(step: Step) -> str:
    if isinstance(step, InstallChart | UninstallStack):
        return step.loses
    return step.replacement.loss if isinstance(step, ReplaceObject) else ""
