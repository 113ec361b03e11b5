"""Which tools, modules and images a plan provides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.plans import (
    EVERY_TOOL,
    MODULE,
    PINNED,
    PLACE,
    SPACES,
    STORE,
    TOOLS,
    WEB,
    images,
    needs_of,
    observed,
    recorded,
    reference,
    stack,
    wanted,
)

from devenv.plan.cluster_state import ClusterState
from devenv.plan.observed import ObservedStack
from devenv.plan.planner import make_plan
from devenv.plan.steps import AwaitReady, FetchModule, LoadImage, ProvideTool


def test_buildx_comes_before_the_tools_that_may_have_to_be_built() -> None:
    plan = make_plan(wanted(SPACES), observed(tools_present=frozenset()))

    needs = needs_of(plan)
    assert needs["tool/buildx"] == set()
    assert {key: needs[key] for key in ("tool/kind", "tool/helm", "tool/kubectl")} == {
        f"tool/{tool}": {"tool/buildx"} for tool in TOOLS
    }
    assert needs["install/spaces"] == {"tool/kind", "tool/helm", "tool/kubectl"}


def test_only_the_missing_tool_is_provided() -> None:
    plan = make_plan(wanted(SPACES), observed(tools_present=EVERY_TOOL - {"helm"}))

    assert [n.step for n in plan.nodes if isinstance(n.step, ProvideTool)] == [ProvideTool("helm")]


def test_buildx_alone_is_provided_only_for_builds() -> None:
    tools = frozenset(TOOLS)

    assert "tool/buildx" not in needs_of(make_plan(wanted(STORE), observed(tools_present=tools)))
    plan = make_plan(wanted(STORE), observed(tools_present=tools, images=images(built={"store"})))
    assert needs_of(plan)["image/store"] == {"tool/buildx"}


def test_the_build_cache_is_pruned_after_builds_only_and_on_an_own_engine_only() -> None:
    builds = observed(images=images(built={"store"}))
    on_own_engine = replace(wanted(STORE), prunes_cache=True)

    assert "image/prune-build-cache" not in needs_of(make_plan(on_own_engine, observed()))
    assert "image/prune-build-cache" not in needs_of(make_plan(wanted(STORE), builds))
    assert needs_of(make_plan(on_own_engine, builds))["image/prune-build-cache"] == {"image/store"}


OPERATOR = stack(
    "operator",
    "spaces",
    images={"operator": PLACE},
    sources=[{"manifests": {"module": MODULE, "path": "crds.yaml"}}, {"chart": {"module": MODULE, "path": "chart"}}],
)


def test_the_hosts_go_fetches_modules_at_once() -> None:
    plan = make_plan(wanted(OPERATOR), observed())

    assert [n.step for n in plan.nodes if isinstance(n.step, FetchModule)] == [
        FetchModule(MODULE, PINNED["version"], PINNED["sum"])
    ]
    needs = needs_of(plan)
    assert needs[f"module/{MODULE}"] == set()
    assert f"module/{MODULE}" in needs["apply/operator/0"] & needs["install/operator"]


def test_without_go_a_module_is_fetched_in_the_go_image() -> None:
    plan = make_plan(wanted(OPERATOR, module_image="golang"), observed(images=images(built={"golang"})))

    assert needs_of(plan)[f"module/{MODULE}"] == {"image/golang"}
    assert [n.step.image for n in plan.nodes if isinstance(n.step, FetchModule)] == [reference("golang")]


def test_fetching_in_the_go_image_is_a_build_and_takes_buildx() -> None:
    there = observed(tools_present=frozenset(TOOLS), images=images(in_engine={"golang"}))
    plan = make_plan(wanted(OPERATOR, module_image="golang"), there)

    assert needs_of(plan)[f"module/{MODULE}"] == {"tool/buildx"}


def test_a_module_in_the_cache_is_not_fetched() -> None:
    plan = make_plan(wanted(OPERATOR, module_image="golang"), observed(modules_present=frozenset({MODULE})))

    assert needs_of(plan).keys() & {f"module/{MODULE}", "image/golang"} == set()


def test_modules_of_unchanged_stacks_are_not_fetched() -> None:
    plan = make_plan(wanted(SPACES, OPERATOR, module_image="golang"), observed(stacks=recorded(OPERATOR)))

    assert set(needs_of(plan)) == {"install/spaces", "ready/spaces"}


def test_definitions_of_a_module_wait_for_no_image_and_no_stack() -> None:
    plan = make_plan(wanted(SPACES, OPERATOR), observed(ClusterState.ABSENT))

    needs = needs_of(plan)
    assert needs["apply/operator/0"] == {"cluster/create", f"module/{MODULE}"}
    assert {"apply/operator/0", "load/operator", "ready/spaces"} <= needs["install/operator"]


@pytest.mark.parametrize("former", [ObservedStack("other", ready=True), ObservedStack("", ready=False, missing=True)])
def test_definitions_of_a_pinned_module_that_are_as_they_were_applied_are_left_so(former: ObservedStack) -> None:
    there = replace(former, untouched=frozenset({"pinned 0"}))
    plan = make_plan(wanted(OPERATOR), observed(stacks={"operator": there}))

    needs = needs_of(plan)
    assert "apply/operator/0" not in needs
    assert f"module/{MODULE}" in needs["install/operator"], "its chart is of the module too"
    assert [n.step.kept for n in plan.nodes if isinstance(n.step, AwaitReady)] == [("pinned 0",)]

    others = replace(former, untouched=frozenset({"of another version"}))
    plan = make_plan(wanted(OPERATOR), observed(stacks={"operator": others}))
    assert "apply/operator/0" in needs_of(plan)
    assert [n.step.kept for n in plan.nodes if isinstance(n.step, AwaitReady)] == [()]


def test_a_module_of_which_nothing_is_applied_is_not_fetched() -> None:
    definitions = stack("definitions", sources=[{"manifests": {"module": MODULE, "path": "crds.yaml"}}])
    there = ObservedStack("other", ready=True, untouched=frozenset({"pinned 0"}))
    assert set(needs_of(make_plan(wanted(definitions), observed(stacks={"definitions": there})))) == {
        "ready/definitions"
    }


def test_images_on_the_nodes_are_not_loaded() -> None:
    on_nodes = frozenset({reference("store")})
    plan = make_plan(wanted(STORE, WEB), observed(images_on_nodes=on_nodes))

    assert [n.step for n in plan.nodes if isinstance(n.step, LoadImage)] == [
        LoadImage("web", reference("web"), "devenv-shop")
    ]
    assert "image/store" not in needs_of(plan)


def test_images_in_the_engine_are_only_loaded() -> None:
    plan = make_plan(wanted(STORE), observed(images=images(in_engine={"store"})))

    assert needs_of(plan)["load/store"] == set()
    assert "image/store" not in needs_of(plan)


def test_the_nodes_of_a_fresh_cluster_hold_nothing() -> None:
    on_nodes = frozenset({reference("store")})
    plan = make_plan(wanted(STORE), observed(ClusterState.ABSENT, images_on_nodes=on_nodes))

    assert "load/store" in needs_of(plan)
