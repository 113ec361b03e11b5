"""An early swap for a new image: workloads get it before Helm has rendered and compared everything else.

Responsible for the case in which an image is all that changed. Helm's upgrade goes on at the same time and applies the
same; it finds the image in place and rolls out nothing more. An upgrade spends most of its time before it touches a
pod, and a pod spends most of its own in starting: beside each other they take half as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.kubernetes.inventory import Recorded
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import HOOK_ANNOTATION, is_hook
from devenv.adapters.kubernetes.watch import CONTROLLERS
from devenv.errors import DevenvError, ImageError, InterruptedRunError
from devenv.plan.steps import InstallChart
from devenv.runtime.diagnosis.scope import Scope, members
from devenv.runtime.observe.stack_files import chart_files
from devenv.runtime.step_context import StepContext
from devenv.spec.image_reference import Reference


@dataclass(frozen=True, slots=True)
class EarlySwap:
    """Workloads that have their new images."""

    former: Recorded
    """What was recorded of the stack."""
    generations: Mapping[str, int]
    """Workload's UID to the generation that its new image gave it."""


def swap_images(step: InstallChart, scope: Scope, context: StepContext) -> EarlySwap | None:
    """Give the workloads of an installed chart its new images; None where that is not for it.

    Raises:
        ApiRefusedError: the API server does not take one.
    """
    environment = context.environment
    if not step.swaps or step.stack in context.run.unswappable or _has_hooks(Path(step.chart)):
        return None
    wanted = {Reference.parse(text).repository: text for text in step.swaps}
    cluster = environment.cluster
    stack = members(cluster.informer(context.cancel.is_set).snapshot(), scope)
    if any(not is_hook(job) for job in stack["Job"]):
        return None  # a Job is made anew for another image
    changes = {
        (kind, item["metadata"]["namespace"], item["metadata"]["name"]): images
        for kind in CONTROLLERS
        for item in stack[kind]
        if (images := _new_images(item, wanted))
    }
    recorded = (cluster.state() or {}).get(step.stack)
    if not changes or not recorded:
        return None
    # Should the run end here, what the stack was made of is no longer what it is recorded to be.
    cluster.forget(step.stack)
    answers = [cluster.set_images(kind, namespace, name, images) for (kind, namespace, name), images in changes.items()]
    made = [item["metadata"] for item in answers if item is not None]
    return EarlySwap(recorded, {metadata["uid"]: int(metadata["generation"]) for metadata in made})


@contextmanager
def early_swap(step: InstallChart, scope: Scope, context: StepContext) -> Iterator[EarlySwap | None]:
    """Swap the images of a chart that is upgraded in the body, and keep devenv's record true whatever comes of it."""
    swapped = swap_images(step, scope, context)
    try:
        yield swapped
    except InterruptedRunError:
        raise
    except DevenvError as error:
        if swapped and "rollback" not in error.context:
            # The former revision is back, image included.
            context.environment.cluster.record(step.stack, swapped.former)
        raise
    if swapped and _repeated(swapped, scope, context):
        context.run.unswappable.add(step.stack)


def _repeated(swapped: EarlySwap, scope: Scope, context: StepContext) -> bool:
    """Whether the upgrade changed the workloads once more: there an early swap costs a second rollout."""
    stack = members(context.environment.cluster.informer(context.cancel.is_set).snapshot(), scope)
    found = {item["metadata"]["uid"]: item["metadata"]["generation"] for kind in CONTROLLERS for item in stack[kind]}
    return any(found.get(uid, 0) > generation for uid, generation in swapped.generations.items())


def _new_images(item: Json, wanted: Mapping[str, str]) -> dict[str, str]:
    """Container to its new image, for those that run another tag of it."""
    containers: Sequence[Json] = item["spec"]["template"]["spec"]["containers"]
    found = {c["name"]: wanted.get(_repository(c.get("image", "")), "") for c in containers}
    return {c["name"]: image for c in containers if (image := found[c["name"]]) and image != c["image"]}


def _repository(image: str) -> str:
    try:
        return Reference.parse(image).repository
    except ImageError:
        return ""


def _has_hooks(chart: Path) -> bool:
    """Whether a chart may have to run something, such as migrations, before its workloads change."""
    if not chart.is_dir():
        return True
    files = (file for file in chart_files(chart) if "templates" in file.parts)
    return any((chart / "charts").glob("*.tgz")) or any(
        HOOK_ANNOTATION in file.read_text(errors="replace") for file in files
    )
