"""The plan that brings images into the engine, without a cluster: for `devenv build`.

Responsible for looking at what the engine has, and for the plan. How an image is made is decided in
`devenv.images.catalogue.choice`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devenv.adapters.tools.toolchain import Toolchain
from devenv.images.catalogue.choice import Mode, provide_steps, registries_to_ask, usable
from devenv.images.catalogue.presence import present_references, with_makings
from devenv.images.catalogue.registries import Registries
from devenv.plan.plan import Plan, PlanDraft
from devenv.plan.planner import BUILDX, Provision
from devenv.plan.steps import BuildImage, ProvideTool
from devenv.runtime.environment import Environment


def provision_plan(environment: Environment, names: Sequence[str], mode: Mode) -> Plan:
    """Steps for those of the named images that the engine lacks, and for what they are made with.

    Raises:
        ImageError: one of them can be had from nowhere in this mode, or its context cannot be read.
    """
    catalogue = environment.catalogue
    environment.images_mode = mode
    present = present_references(environment.engine, (catalogue[name] for name in names))
    missing = [name for name in names if not present.intersection(usable(catalogue[name], mode))]
    draft = PlanDraft()
    if missing:
        for step, needs in provisions(environment, missing, mode):
            draft.add(step, needs, "changed" if catalogue.is_local(step.key.partition("/")[2]) else "missing")
        _add_buildx(draft, environment)
    unchanged = tuple(name for name in names if name not in missing)
    return draft.finish(environment.names.project, environment.names.cluster, unchanged)


def provisions(
    environment: Environment, missing: Sequence[str], mode: Mode, chosen: Mapping[str, str] | None = None
) -> Sequence[Provision]:
    """Steps for images that the engine lacks, bases first; registries are asked only where that decides something."""
    catalogue = environment.catalogue
    present = present_references(environment.engine, with_makings(catalogue, missing))
    environment.registries = Registries().answering(registries_to_ask(catalogue, missing, mode, present))
    return provide_steps(catalogue, missing, mode, present, environment.registries, chosen=chosen)


def _add_buildx(draft: PlanDraft, environment: Environment) -> None:
    if any(isinstance(step, BuildImage) for step in draft.steps()):
        found = Toolchain(environment.workspace.versions.tools).locate(BUILDX).path
        environment.engine.builds.buildx = found
        if found is None:
            draft.add(ProvideTool(BUILDX), reason="missing")
