"""The plan of a changed image, in an environment that is up: only what can have changed since is asked again.

Responsible for planning quickly, again and again, what `devenv up` would plan for the same change. It runs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from devenv.images.catalogue.presence import observe_images
from devenv.plan.observed import ObservedImages, StackInput
from devenv.plan.plan import Plan
from devenv.plan.planner import make_plan, needed_images
from devenv.plan.steps import InstallChart, LoadImage
from devenv.runtime.environment import Environment
from devenv.runtime.observe.cluster import ask_cluster
from devenv.runtime.observe.observe import Observation, observed_stacks
from devenv.runtime.observe.refusals import unforeseen
from devenv.runtime.observe.stack_inputs import stack_inputs
from devenv.spec.checks.migration_files import require_sound_migrations
from devenv.spec.stack import StackSpec


class Refresher:
    """Plans for the same environment, whose cluster and programs stay."""

    def __init__(self, environment: Environment, observation: Observation) -> None:
        """Begin with what an `up` of the environment observed."""
        self._environment = environment
        self._observation = observation
        self._on_nodes = observation.observed.images_on_nodes
        self._images = dict(observation.wanted.references)
        self._rolled_out = dict(observation.wanted.references)
        """Image to the reference that its stacks run: not that of a round that failed."""

    def plan(self, images: Sequence[str], stacks: Sequence[str]) -> Plan:
        """What brings the present sources of the project's `images` into `stacks`, which use them.

        Raises:
            ImageError: a context cannot be read.
            ApiUnreachableError: the cluster does not answer.
        """
        environment, seen = self._environment, self._observation
        environment.forget_images()
        self._images |= {name: environment.catalogue[name].own or "" for name in images}
        facts = ask_cluster(environment.cluster, seen.cluster.nodes, compare=False)
        wanted = replace(
            seen.wanted,
            stacks=self._inputs(stacks, self._images),
            references=self._images,
            prunes_cache=False,
        )
        observed = replace(
            seen.observed,
            stacks=observed_stacks(facts),
            tools_present=frozenset(environment.programs),
            modules_present=frozenset(environment.modules),
            images_on_nodes=self._on_nodes,
            obstacles=unforeseen(wanted.stacks),
        )
        observed = replace(observed, images=self._look_for(needed_images(wanted, observed)))
        records = {name: recorded.content for name, recorded in facts.records.items()}
        former = self._inputs(stacks, self._rolled_out)
        swappable = {spec.name for spec, made in former if made.content == records.get(spec.name)}
        new = tuple(self._images[name] for name in images)
        return _with_swaps(make_plan(wanted, observed), swappable, new)

    def _inputs(self, stacks: Sequence[str], images: Mapping[str, str]) -> list[tuple[StackSpec, StackInput]]:
        environment, facts = self._environment, self._observation.facts
        require_sound_migrations(environment.workspace.stacks[name] for name in stacks)
        return stack_inputs(environment.workspace, stacks, facts, images, environment.digests, environ=os.environ)

    def done(self, plan: Plan, images: Sequence[str]) -> None:
        """Take note that a plan was carried out, and with it the stacks of `images` rolled out."""
        self._rolled_out |= {name: self._images[name] for name in images}
        self._on_nodes |= {node.step.reference for node in plan.nodes if isinstance(node.step, LoadImage)}

    def _look_for(self, names: Sequence[str]) -> ObservedImages:
        environment = self._environment
        return observe_images(
            environment.engine, environment.catalogue.described(names), names, environment.images_mode
        )


def _with_swaps(plan: Plan, stacks: Collection[str], images: tuple[str, ...]) -> Plan:
    """The plan with a head start for new images in stacks of which nothing else has changed."""
    nodes = tuple(
        replace(node, step=replace(node.step, swaps=images))
        if isinstance(node.step, InstallChart) and node.step.stack in stacks and not node.step.module
        else node
        for node in plan.nodes
    )
    return replace(plan, nodes=nodes)
