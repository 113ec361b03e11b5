"""The kinds that a chart defines: in the cluster, and as the chart has them, before Helm comes to what uses them.

Responsible for two things that Helm leaves undone. What a chart has in `crds/` is applied when a release is installed,
and never again (https://helm.sh/docs/chart_best_practices/custom_resource_definitions/). And a release whose own kinds
were deleted cannot be upgraded: Helm looks up the kind of every object that it made before.
"""

from __future__ import annotations

from pathlib import Path

from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.managed_fields import HELM_MANAGER
from devenv.errors import CommandFailedError, DevenvError, SpecError, WorkloadError
from devenv.events import Noted
from devenv.plan.steps import InstallChart
from devenv.runtime.observe.rendering import release_of
from devenv.runtime.step_context import StepContext

_DEFINITIONS = "apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_KIND = "CustomResourceDefinition"


def provide_definitions(step: InstallChart, chart: str, context: StepContext) -> None:
    """Apply in Helm's name what the chart has in `crds/`, and bring back kinds of the release that are gone.

    Args:
        step: the release.
        chart: as Helm takes it.
        context: the run's.

    Raises:
        WorkloadError: the API server refuses a definition.
    """
    text = _in_crds(step, chart, context)
    if text:
        context.run.applied.note(step.stack, manifests.outlines(text, step.namespace))
    for part in (text, _gone(step, context)):
        if part:
            _apply(part, step, context)


def _in_crds(step: InstallChart, chart: str, context: StepContext) -> str:
    if not _may_define(Path(chart)):
        return ""
    try:
        return context.run.toolbox.helm.definitions(release_of(step, chart), cancel=context.cancel)
    except CommandFailedError as error:
        # A chart may refuse to be rendered without a cluster that has what it asks for.
        message = f"the definitions in crds/ of chart {step.release} stay as they are: {error.message}"
        hint = context.run.toolbox.kubectl.pasted("apply", "--server-side", "--filename", f"{chart}/crds")
        context.emit(Noted(message, "warning", hint))
        return ""


def _may_define(chart: Path) -> bool:
    """Whether there may be a `crds/`: what is not a folder, or is packed in one, would have to be fetched to know."""
    return not chart.is_dir() or any(chart.rglob("crds")) or any(chart.glob("charts/*.tgz"))


def _gone(step: InstallChart, context: StepContext) -> str:
    """The definitions among the objects of a release that the cluster has no more, as manifests."""
    cluster = context.environment.cluster
    release = cluster.release(step.namespace, step.release)
    text = cluster.manifest(release) if release else ""
    if _KIND not in text:
        return ""
    there = cluster.present([_DEFINITIONS]).get(_DEFINITIONS, {})
    try:
        made = manifests.documents(text)
    except SpecError:
        return ""  # reported when what was made is noted
    return manifests.dump(o for o in made if o["kind"] == _KIND and o["metadata"]["name"] not in there)


def _apply(text: str, step: InstallChart, context: StepContext) -> None:
    kubectl = context.run.toolbox.kubectl
    try:
        kubectl.apply(text, field_manager=HELM_MANAGER, cancel=context.cancel, on_line=context.output)
    except CommandFailedError as error:
        raise _refused(step, error) from error


def _refused(step: InstallChart, error: CommandFailedError) -> DevenvError:
    return WorkloadError(
        f"chart {step.release}: the cluster refuses a definition of the chart",
        context={"cause": "rejected", "last lines": error.output},
        hint="correct the chart's CustomResourceDefinition, then: devenv up",
    )
