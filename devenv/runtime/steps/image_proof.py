"""The proof that a stack's pods run what was built, asked of the engine, the pods and, where needed, the nodes.

Responsible for asking and telling; the comparison is `staleness`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from devenv.adapters.kubernetes.json_objects import ObjectsByKind
from devenv.errors import StaleImageError
from devenv.events import Noted
from devenv.plan.steps import AwaitReady
from devenv.runtime.diagnosis.scope import Scope
from devenv.runtime.observe.pins import AskedNodes
from devenv.runtime.observe.staleness import expectations, pull_problems, running_containers, stale
from devenv.runtime.step_context import StepContext


def prove_images(step: AwaitReady, scope: Scope, context: StepContext) -> str:
    """Compare each running container of a stack with the engine's image; how many were proven, in words.

    Raises:
        StaleImageError: a container runs something else than what was built.
    """
    environment = context.environment
    if not step.images:
        return ""
    ids = environment.engine.images.ids([reference for _, reference in step.images])
    expected = expectations(step.images, ids, set(environment.workspace.project.images))
    snapshot = environment.cluster.informer(context.cancel.is_set).snapshot()
    warn_of_pulls(snapshot, scope, context)
    nodes = AskedNodes(environment.engine, expected)
    wrong, right = stale(running_containers(snapshot, scope), expected, nodes)
    if wrong:
        raise _error(step, wrong)
    return (
        f"{right} container{'s' if right != 1 else ''} run{'' if right != 1 else 's'} what was built" if right else ""
    )


def warn_of_pulls(snapshot: ObjectsByKind, scope: Scope, context: StepContext) -> None:
    """Tell once of each container whose local image has the tag `latest` or would be pulled."""
    for place, problem in pull_problems(snapshot, scope).items():
        if context.run.is_first_warning(place):
            context.emit(Noted(f"{place}: {problem}", "warning", "set it in the chart: IfNotPresent, and devenv's tag"))


def _error(step: AwaitReady, wrong: Sequence[str]) -> StaleImageError:
    names = " ".join(name for name, _ in step.images)
    return StaleImageError(
        f"stack {step.stack}: {wrong[0]}",
        context={"containers": "\n".join(wrong)},
        hint=f"devenv load {names}, then delete these pods; see that the chart takes its image from devenv's values",
    )
