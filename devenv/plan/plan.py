"""The plan: steps with their needs, as data that can be printed, compared and executed."""

from __future__ import annotations

from dataclasses import dataclass

from devenv.events import PlanMade, PlannedStep
from devenv.plan.steps import ReplaceObject, StartCluster, Step


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

    @property
    def starts_cluster(self) -> bool:
        """Whether this is the first of two plans: what a stopped cluster records is known only once it runs."""
        return any(isinstance(node.step, StartCluster) for node in self.nodes)

    @property
    def losses(self) -> tuple[str, ...]:
        """What of the user's would be lost by it, in words: to be agreed to before it is run."""
        return tuple(loss for node in self.nodes if (loss := _loss(node.step)))

    def as_event(self) -> PlanMade:
        """The plan as the sinks see it."""
        steps = tuple(
            PlannedStep(n.key, n.step.title, n.step.group, tuple(sorted(n.needs)), n.reason, _loss(n.step))
            for n in self.nodes
        )
        return PlanMade(self.project, self.cluster, steps, self.unchanged)


def _loss(step: Step) -> str:
    return step.replacement.loss if isinstance(step, ReplaceObject) else ""


class PlanDraft:
    """Collects steps by key; needs that no step of the plan meets are already met, and are dropped at the end."""

    def __init__(self) -> None:
        self._nodes: dict[str, PlanNode] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def steps(self) -> list[Step]:
        """The steps so far."""
        return [node.step for node in self._nodes.values()]

    def add(self, step: Step, needs: frozenset[str] | set[str] = frozenset(), reason: str = "") -> str:
        """Add a step unless one of that key is there; returns its key."""
        if step.key not in self._nodes:
            self._nodes[step.key] = PlanNode(step, frozenset(needs), reason)
        return step.key

    def finish(self, project: str, cluster: str, unchanged: tuple[str, ...]) -> Plan:
        """The plan, with needs reduced to steps that it contains."""
        known = self._nodes.keys()
        nodes = tuple(PlanNode(n.step, n.needs & known, n.reason) for n in self._nodes.values())
        return Plan(project, cluster, nodes, unchanged)
