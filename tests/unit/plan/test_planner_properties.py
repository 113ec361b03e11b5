"""What holds for every plan, of projects made at random."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.plans import (
    EVERY_TOOL,
    HOOK,
    MODULE,
    PLACE,
    before,
    images,
    needs_of,
    observed,
    reference,
    stack,
    wanted,
)

from devenv.plan.cluster_state import ClusterState
from devenv.plan.observed import Observed, ObservedStack
from devenv.plan.planner import Wanted, make_plan
from devenv.plan.steps import ApplyManifests
from devenv.spec.needs import needed_by
from devenv.spec.stack import StackSpec

SOURCES: list[dict[str, Any]] = [
    {"chart": {"path": "chart"}},
    {"chart": {"path": "chart", "module": MODULE}},
    {"manifests": {"path": "all.yaml"}},
    {"manifests": {"path": "crds.yaml", "module": MODULE}},
    {"kustomize": {"path": "overlays/{profile}"}},
]
OBSERVED_STACKS = st.builds(
    ObservedStack,
    content=st.sampled_from(["wanted", "former", ""]),
    ready=st.booleans(),
    pending=st.booleans(),
    missing=st.booleans(),
)
IMAGES = ("alpha", "beta", "golang", "node")


@st.composite
def stacks_of_a_project(draw: st.DrawFn) -> list[StackSpec]:
    made: list[StackSpec] = []
    for index in range(draw(st.integers(1, 5))):
        hooks = {when: [{"name": when, **HOOK}] for when in ("before", "after") if draw(st.booleans())}
        # At most one chart of each stack: releases have names of their own.
        sources = draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=3, unique_by=lambda s: "chart" in s))
        made.append(
            stack(
                f"stack-{index}",
                *draw(st.lists(st.sampled_from(made).map(lambda s: s.name), unique=True) if made else st.just([])),
                sources=sources,
                hooks=hooks,
                tls=draw(st.booleans()),
                seeds=draw(st.booleans()),
                images={name: PLACE for name in IMAGES[:2] if draw(st.booleans())},
            )
        )
    return made


@st.composite
def situations(draw: st.DrawFn) -> tuple[Wanted, Observed]:
    specs = draw(stacks_of_a_project())
    there = draw(
        st.builds(
            images,
            in_engine=st.frozensets(st.sampled_from(IMAGES)),
            built=st.frozensets(st.sampled_from(IMAGES)),
        )
    )
    present = observed(
        draw(st.sampled_from([state for state in ClusterState if state is not ClusterState.FOREIGN])),
        stacks=draw(st.dictionaries(st.sampled_from([s.name for s in specs]), OBSERVED_STACKS)),
        tools_present=draw(st.frozensets(st.sampled_from(sorted(EVERY_TOOL)))),
        modules_present=draw(st.frozensets(st.just(MODULE))),
        images=there,
        images_on_nodes=draw(st.frozensets(st.sampled_from([reference(name) for name in IMAGES]))),
    )
    image = draw(st.sampled_from([None, "golang"]))
    chosen = draw(st.sets(st.sampled_from([s.name for s in specs]), min_size=1))
    selected = [spec for spec in specs if spec.name in chosen]
    left_out = [spec for spec in specs if spec.name not in chosen]
    return wanted(*selected, module_image=image, unselected=left_out), present


@given(situations())
def test_every_plan_can_be_executed(situation: tuple[Wanted, Observed]) -> None:
    plan = make_plan(*situation)

    keys = [node.key for node in plan.nodes]
    assert len(keys) == len(set(keys))
    assert all(node.needs <= set(keys) for node in plan.nodes)
    TopologicalSorter(needs_of(plan)).prepare()  # raises CycleError
    assert all(node.reason for node in plan.nodes)


@given(situations())
def test_a_stack_is_unchanged_or_ends_with_being_ready(situation: tuple[Wanted, Observed]) -> None:
    plan = make_plan(*situation)

    awaited = {node.key.removeprefix("ready/") for node in plan.nodes if node.key.startswith("ready/")}
    names = {spec.name for spec, _ in situation[0].stacks}
    assert awaited.isdisjoint(plan.unchanged)
    assert plan.starts_cluster or awaited | set(plan.unchanged) == names


@given(situations())
def test_a_stack_follows_those_that_it_needs(situation: tuple[Wanted, Observed]) -> None:
    """Directly or through others, also when nothing is to be done for those in between, or they are left out."""
    plan = make_plan(*situation)

    steps = {node.key: node.step for node in plan.nodes}
    for name in situation[0].needs:
        needed = {f"ready/{need}" for need in needed_by(situation[0].needs, [name])} & steps.keys()
        for key, step in steps.items():
            # A module's manifests are definitions, which need no other stack.
            if getattr(step, "stack", "") == name and not (isinstance(step, ApplyManifests) and step.module):
                assert needed <= before(plan, key)
