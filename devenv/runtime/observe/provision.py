"""The plan that brings images into the engine, without a cluster: for `devenv build`.

Responsible for looking at what the engine has, and for the plan.
"""

from __future__ import annotations

from collections.abc import Sequence

from devenv.adapters.tools.toolchain import Toolchain
from devenv.images.catalogue.presence import observe_images
from devenv.plan.image import Mode
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.planner import BUILDX
from devenv.plan.provision import provide_steps
from devenv.plan.steps import BuildImage, ProvideTool
from devenv.runtime.environment import Environment


def provision_plan(environment: Environment, names: Sequence[str], mode: Mode) -> Plan:
    """Steps for those of the named images that the engine lacks, and for what they are made with.

    Raises:
        ImageError: one of them can be had from nowhere in this mode, or its context cannot be read.
    """
    environment.images_mode = mode
    described = environment.catalogue.described(names)
    images = observe_images(environment.engine, described, names, mode)
    missing = [name for name in names if not images.in_engine.intersection(described[name].usable(mode))]
    nodes = [
        PlanNode(step, needs, "changed" if described[step.image].local else "missing")
        for step, needs in provide_steps(images, missing, mode)
    ]
    if any(isinstance(node.step, BuildImage) for node in nodes):
        found = Toolchain(environment.workspace.versions.tools).locate(BUILDX).path
        environment.engine.builds.buildx = found
        if found is None:
            nodes.append(PlanNode(ProvideTool(BUILDX, mode), frozenset(), "missing"))
    unchanged = [name for name in names if name not in missing]
    return Plan.of(environment.names.project, environment.names.cluster, nodes, unchanged)
