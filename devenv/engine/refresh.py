"""The plan of a changed image, in an environment that is up: only what can have changed since is asked again.

Responsible for planning quickly, again and again, what `devenv up` would plan for the same change. It runs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from devenv.engine.cluster_observation import ask_cluster
from devenv.engine.environment import Environment
from devenv.engine.observe import Observation, observed_stacks
from devenv.engine.provision import provisions
from devenv.engine.stack_inputs import stack_inputs
from devenv.plan.plan import Plan
from devenv.plan.planner import Provision, make_plan
from devenv.plan.steps import LoadImage


class Refresher:
    """Plans for the same environment, whose cluster and programs stay."""

    def __init__(self, environment: Environment, observation: Observation) -> None:
        """Begin with what an `up` of the environment observed."""
        self._environment = environment
        self._observation = observation
        self._on_nodes = observation.observed.images_on_nodes
        self._images = dict(observation.images)

    def plan(self, images: Sequence[str], stacks: Sequence[str]) -> Plan:
        """What brings the present sources of the project's `images` into `stacks`, which use them.

        Raises:
            ImageError: a context cannot be read.
            ApiUnreachableError: the cluster does not answer.
        """
        environment, seen = self._environment, self._observation
        environment.forget_images()
        self._images |= {name: environment.catalogue[name].own or "" for name in images}
        facts = ask_cluster(environment.cluster, seen.cluster.nodes)
        wanted = replace(
            seen.wanted,
            stacks=stack_inputs(
                environment.workspace, stacks, seen.facts, self._images, environment.digests, environ=os.environ
            ),
            provide=self._provide,
            prunes_cache=False,
        )
        observed = replace(
            seen.observed,
            stacks=observed_stacks(facts),
            tools_present=frozenset(environment.programs),
            modules_present=frozenset(environment.modules),
            images_on_nodes=self._on_nodes,
        )
        return make_plan(wanted, observed)

    def done(self, plan: Plan) -> None:
        """Take note that a plan was carried out."""
        self._on_nodes |= {node.step.reference for node in plan.nodes if isinstance(node.step, LoadImage)}

    def _provide(self, names: Sequence[str]) -> Sequence[Provision]:
        environment = self._environment
        present = environment.engine.image_ids(self._images[name] for name in names)
        missing = [name for name in names if self._images[name] not in present]
        return provisions(environment, missing, environment.images_mode, self._images) if missing else ()
