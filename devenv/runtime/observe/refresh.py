"""What a round of `devenv dev` is planned from: only what can have changed since the last one is asked again.

Responsible for looking quickly, again and again. The plan is made of it by `devenv.plan.parts.plan_round`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from devenv.images.catalogue.presence import observe_images
from devenv.plan.observed import Observed, StackInput
from devenv.plan.plan import Plan
from devenv.plan.planner import Wanted, needed_images
from devenv.plan.steps import LoadImage
from devenv.runtime.environment import Environment
from devenv.runtime.observe.cluster import ask_cluster
from devenv.runtime.observe.observe import Observation
from devenv.runtime.observe.refusals import unknown_blockers
from devenv.runtime.observe.rendered_contents import Renderers, require_sound_rendering
from devenv.runtime.observe.stack_inputs import stack_inputs
from devenv.runtime.toolbox import Toolbox
from devenv.spec.checks.stack_contents import require_sound_contents
from devenv.spec.stack import StackSpec


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a round begins with: what was seen before the first one, and what those since have made of it."""

    seen: Observation
    references: Mapping[str, str]
    """Image to its present reference, be it of a round that failed."""
    rolled_out: Mapping[str, str]
    """Image to the reference that its stacks run."""
    on_nodes: frozenset[str]
    """References that every node holds."""

    @classmethod
    def of(cls, seen: Observation) -> Baseline:
        """Before the first round."""
        return cls(seen, seen.wanted.references, seen.wanted.references, seen.observed.images_on_nodes)

    def after(self, plan: Plan, images: Sequence[str]) -> Baseline:
        """Once a plan was carried out, and with it the stacks of `images` rolled out."""
        loaded = {node.step.reference for node in plan.nodes if isinstance(node.step, LoadImage)}
        rolled_out = {**self.rolled_out, **{name: self.references[name] for name in images}}
        return replace(self, rolled_out=rolled_out, on_nodes=self.on_nodes | loaded)


@dataclass(frozen=True, slots=True)
class Round:
    """What the plan of a round is made from."""

    wanted: Wanted
    observed: Observed
    swappable: frozenset[str]
    """The stacks of which nothing but the images has changed since they were rolled out."""


def observe_round(
    environment: Environment,
    toolbox: Toolbox,
    baseline: Baseline,
    images: Sequence[str],
    stacks: Sequence[str],
    *,
    given_up: Mapping[str, str],
) -> Round:
    """Look at the present sources of the project's `images`, and at the `stacks`, which use them.

    `given_up` are as for `observe`.

    Raises:
        ImageError: a context cannot be read.
        ApiUnreachableError: the cluster does not answer.
    """
    seen, catalogue = baseline.seen, environment.describe_images()
    references = {**baseline.references, **{name: catalogue[name].own or "" for name in images}}
    facts = ask_cluster(environment.cluster, seen.cluster.nodes, compare=False)
    wanted = replace(
        seen.wanted,
        stacks=_inputs(environment, seen, stacks, references),
        references=references,
        tasks={},
        prunes_cache=False,
    )
    require_sound_rendering(environment.workspace, wanted.stacks, Renderers.of(toolbox))
    observed = replace(
        seen.observed,
        stacks=facts.observed_stacks(),
        tools_present=frozenset(toolbox.programs),
        modules_present=frozenset(toolbox.modules),
        images_on_nodes=baseline.on_nodes,
    )
    observed = replace(observed, blockers=unknown_blockers(wanted.stacks, observed))
    names = needed_images(wanted, observed)
    described = catalogue.described(names)
    looked_for = observe_images(environment.engine, described, names, wanted.images, given_up=given_up)
    records = {name: recorded.content for name, recorded in facts.records.items()}
    former = _inputs(environment, seen, stacks, baseline.rolled_out)
    swappable = frozenset(spec.name for spec, made in former if made.content == records.get(spec.name))
    return Round(wanted, replace(observed, images=looked_for), swappable)


def _inputs(
    environment: Environment, seen: Observation, stacks: Sequence[str], images: Mapping[str, str]
) -> list[tuple[StackSpec, StackInput]]:
    require_sound_contents(environment.workspace.stacks[name] for name in stacks)
    return stack_inputs(environment.workspace, stacks, seen.facts, images, environment.digests, environ=os.environ)
