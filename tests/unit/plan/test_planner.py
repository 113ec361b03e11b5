"""From what is wanted and what is there to a plan; plain data in, plain data out."""

from __future__ import annotations

from dataclasses import replace
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any

import pytest
from support.plans import (
    ALL,
    CHART,
    EVERY_TOOL,
    HOOK,
    PLACE,
    SPACES,
    STORE,
    WEB,
    before,
    needs_of,
    observed,
    reasons_of,
    recorded,
    reference,
    rendered,
    stack,
    wanted,
)

from devenv.errors import ForeignClusterError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.observed import ObservedStack
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.planner import make_plan, stacks_to_install
from devenv.plan.replacement import Blockers, Growth, Kept, ObjectRef, Replacement
from devenv.plan.steps import AwaitNodeRuntime, CreateCluster, InstallChart, ProvideTool, ReplaceObject

DATABASE = {"engine": "mysql", "workload": "w", "name": "n", "user": "u", "secret": "s", "node_port": 30306}


def test_a_fresh_machine_gets_everything() -> None:
    plan = make_plan(wanted(*ALL), observed(ClusterState.ABSENT))

    assert needs_of(plan) == {
        "install/spaces": {"cluster/create"},
        "ready/spaces": {"install/spaces"},
        "install/store": {"cluster/create", "ready/spaces", "load/store"},
        "ready/store": {"install/store"},
        "install/web": {"cluster/create", "ready/store", "load/web"},
        "ready/web": {"install/web"},
        "image/store": set(),
        "image/web": set(),
        "image/node": set(),
        "load/store": {"image/store", "cluster/node-runtime"},
        "load/web": {"image/web", "cluster/node-runtime"},
        "cluster/create": {"image/node"},
        "cluster/node-runtime": {"image/node"},
        "cluster/mark": {"cluster/create"},
    }
    assert {reason for key, reason in reasons_of(plan).items() if not key.startswith("image/")} == {"new"}
    assert plan.unchanged == ()
    assert not plan.starts_cluster


def test_images_are_loaded_while_the_control_plane_starts() -> None:
    plan = make_plan(wanted(STORE), observed(ClusterState.ABSENT))

    assert "cluster/create" not in before(plan, "load/store")
    assert [n.step for n in plan.nodes if n.key == "cluster/node-runtime"] == [AwaitNodeRuntime("devenv-shop", 2)]


def test_a_load_balancers_image_is_provided_for_several_control_planes_alone() -> None:
    one = wanted(SPACES)
    several = replace(one, references={**one.references, "envoy": reference("envoy")})
    plan = make_plan(several, observed(ClusterState.ABSENT))

    assert needs_of(plan)["cluster/create"] == {"image/node", "image/envoy"}
    assert [n.step.balancer_image for n in plan.nodes if isinstance(n.step, CreateCluster)] == [reference("envoy")]
    assert "image/envoy" not in needs_of(make_plan(wanted(SPACES), observed(ClusterState.ABSENT)))
    assert "image/envoy" not in needs_of(make_plan(several, observed()))


def test_what_is_as_wanted_needs_no_step() -> None:
    plan = make_plan(wanted(*ALL), observed(stacks=recorded(*ALL)))

    assert plan.nodes == ()
    assert plan.unchanged == ("spaces", "store", "web")


def test_nothing_is_provided_for_an_empty_plan() -> None:
    plan = make_plan(wanted(*ALL), observed(stacks=recorded(*ALL), tools_present=frozenset()))

    assert plan.nodes == ()


def test_a_changed_stack_gets_its_steps_and_no_other_does() -> None:
    stacks = recorded(*ALL, store=ObservedStack("former", ready=True))
    plan = make_plan(wanted(*ALL), observed(stacks=stacks))

    assert needs_of(plan) == {
        "install/store": {"load/store"},
        "ready/store": {"install/store"},
        "image/store": set(),
        "load/store": {"image/store"},
    }
    assert reasons_of(plan)["install/store"] == "changed"
    assert plan.unchanged == ("spaces", "web")


def test_what_is_not_ready_is_only_awaited() -> None:
    stacks = recorded(*ALL, store=ObservedStack("wanted", ready=False))
    plan = make_plan(wanted(*ALL), observed(stacks=stacks))

    assert reasons_of(plan) == {"ready/store": "not ready"}


def test_pods_that_have_what_was_synced_are_replaced_and_nothing_is_installed_again() -> None:
    stacks = recorded(*ALL, store=ObservedStack("wanted", ready=True, synced=True))
    plan = make_plan(wanted(*ALL), observed(stacks=stacks))

    assert reasons_of(plan) == {"ready/store": "synced"}


def test_what_was_left_under_a_debugger_is_given_back_and_nothing_is_installed_again() -> None:
    stacks = recorded(*ALL, store=ObservedStack("wanted", ready=True, left_by="debug"))
    plan = make_plan(wanted(*ALL), observed(stacks=stacks))

    assert reasons_of(plan) == {"ready/store": "left under a debugger"}


def test_what_was_left_intercepted_is_given_back_and_nothing_is_installed_again() -> None:
    stacks = recorded(*ALL, store=ObservedStack("wanted", ready=True, left_by="intercept"))
    plan = make_plan(wanted(*ALL), observed(stacks=stacks))

    assert reasons_of(plan) == {"ready/store": "left intercepted"}


def test_a_changed_stack_waits_for_one_that_is_not_ready() -> None:
    stacks = recorded(SPACES, store=ObservedStack("wanted", ready=False), web=ObservedStack("former", ready=True))
    plan = make_plan(wanted(*ALL), observed(stacks=stacks, images_on_nodes=frozenset({reference("web")})))

    assert needs_of(plan) == {
        "ready/store": set(),
        "install/web": {"ready/store"},
        "ready/web": {"install/web"},
    }


def test_an_order_holds_through_a_stack_that_is_unchanged() -> None:
    stacks = recorded(STORE, spaces=ObservedStack("former", ready=True), web=ObservedStack("former", ready=True))
    plan = make_plan(wanted(*ALL), observed(stacks=stacks, images_on_nodes=frozenset({reference("web")})))

    assert needs_of(plan) == {
        "install/spaces": set(),
        "ready/spaces": {"install/spaces"},
        "install/web": {"ready/spaces"},
        "ready/web": {"install/web"},
    }


def test_an_order_holds_through_a_stack_that_is_left_out() -> None:
    plan = make_plan(wanted(SPACES, WEB, unselected=[STORE]), observed())

    assert "ready/spaces" in needs_of(plan)["install/web"]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (ObservedStack("wanted", ready=True, pending=True), "interrupted"),
        (ObservedStack("", ready=False, pending=True, missing=True), "interrupted"),
        (ObservedStack("wanted", ready=True, missing=True), "incomplete"),
        (ObservedStack("", ready=True), "incomplete"),
        (ObservedStack("former", ready=False), "changed"),
        (ObservedStack("wanted", ready=True, recorded=False), "not recorded"),
        (ObservedStack("wanted", ready=True, drifted=True), "drifted"),
        (None, "new"),
    ],
)
def test_why_a_stack_is_installed_again(found: ObservedStack | None, reason: str) -> None:
    plan = make_plan(wanted(SPACES), observed(stacks={"spaces": found} if found else {}))

    assert reasons_of(plan) == {"install/spaces": reason, "ready/spaces": reason}


def test_a_broken_cluster_is_removed_first() -> None:
    plan = make_plan(wanted(SPACES), observed(ClusterState.BROKEN, stacks=recorded(SPACES)))

    needs = needs_of(plan)
    assert needs["cluster/remove-broken"] == set()
    assert "cluster/remove-broken" in needs["cluster/create"] & needs["cluster/node-runtime"]
    # What a cluster recorded that goes away does not count.
    assert reasons_of(plan)["install/spaces"] == "new"


@pytest.mark.parametrize("state", [ClusterState.STOPPED, ClusterState.UNREACHABLE])
def test_a_cluster_that_cannot_be_asked_is_only_started(state: ClusterState) -> None:
    plan = make_plan(wanted(*ALL), observed(state))

    assert reasons_of(plan) == {"cluster/create": str(state)}
    assert plan.starts_cluster
    assert plan.unchanged == ()


def test_starting_a_cluster_takes_no_tool() -> None:
    plan = make_plan(wanted(*ALL), observed(ClusterState.STOPPED, tools_present=EVERY_TOOL - {"kind"}))

    assert needs_of(plan) == {"cluster/create": set()}


def test_a_foreign_cluster_is_left_alone() -> None:
    with pytest.raises(ForeignClusterError, match="devenv-shop exists, and devenv did not make it"):
        make_plan(wanted(SPACES), observed(ClusterState.FOREIGN))


def test_the_steps_of_a_stack_follow_each_other() -> None:
    spec = stack(
        "store",
        tls=True,
        ca=True,
        seeds=True,
        images={"store": PLACE},
        sources=[{"manifests": {"path": "first.yaml"}}, CHART, {"kustomize": {"path": "overlays/dev"}}],
        hooks={
            "before": [{"name": "a", **HOOK}, {"name": "b", **HOOK}],
            "after": [{"name": "a", **HOOK}, {"name": "b", **HOOK, "on_failure": "fail"}],
        },
    )
    plan = make_plan(wanted(spec), observed(images_on_nodes=frozenset({reference("store")})))

    order = tuple(TopologicalSorter(needs_of(plan)).static_order())
    assert order == (
        "hook/store/before/a",
        "hook/store/before/b",
        "tls/store",
        "ca/store",
        "seeds/store",
        "apply/store/0",
        "install/store",
        "apply/store/2",
        "refresh/store",
        "hook/store/after/a",
        "hook/store/after/b",
        "ready/store",
    )
    needs = needs_of(plan)
    assert all(needs[later] == {earlier} for earlier, later in pairwise(order))


def test_nobody_waits_for_a_hook_that_may_fail_and_that_no_other_follows() -> None:
    after = [{"name": "a", **HOOK, "on_failure": "fail"}, {"name": "b", **HOOK}, {"name": "c", **HOOK}]
    store = stack("store", sources=[CHART], hooks={"after": after})
    needs = needs_of(make_plan(wanted(store, stack("shop", "store")), observed()))

    assert needs["hook/store/after/b"] == {"hook/store/after/a"} == needs["ready/store"]
    assert needs["hook/store/after/c"] == {"hook/store/after/b"}, "they follow each other in any case"
    assert "hook/store/after/c" not in {need for needed in needs.values() for need in needed}


def test_a_release_carries_what_it_is_made_of() -> None:
    chart = {"repository": "https://charts.test", "name": "redis", "version": "1.0.0", "release": "cache"}
    spec = stack("store", deadline="90s", sources=[{"chart": chart}])
    given_input = replace(rendered(spec), values='{"a": 1}', sources=("",))
    plan = make_plan(replace(wanted(), stacks=[(spec, given_input)]), observed())

    step = next(n.step for n in plan.nodes if isinstance(n.step, InstallChart))
    assert (step.key, step.chart, step.repository, step.version) == (
        "install/cache",
        "redis",
        "https://charts.test",
        "1.0.0",
    )
    assert (step.values, step.content, step.deadline.total_seconds()) == ('{"a": 1}', "wanted", 90)


def test_a_step_needs_none_that_is_not_in_the_plan() -> None:
    plan = Plan.of("shop", "devenv-shop", [PlanNode(ProvideTool("kind"), frozenset({"tool/buildx"}), "missing")])
    assert needs_of(plan) == {"tool/kind": set()}


def test_two_steps_of_one_key_are_no_plan() -> None:
    twice = [PlanNode(ProvideTool("kind"), frozenset(), reason) for reason in ("missing", "again")]
    with pytest.raises(AssertionError, match="several steps of a plan are called tool/kind"):
        Plan.of("shop", "devenv-shop", twice)


def test_an_object_that_several_sources_hold_gives_way_once() -> None:
    held = Blockers(replacements=(Replacement(ObjectRef("v1", "ConfigMap", "space", "facts", "uid"), "immutable"),))
    first, second = stack("first", sources=[CHART, {"manifests": {"path": "all.yaml"}}]), stack("second", "first")
    former = ObservedStack("former", ready=True)
    blockers = {"first": (held, held), "second": (held,)}
    plan = make_plan(wanted(first, second), observed(stacks={"first": former, "second": former}, blockers=blockers))

    replacing = [node for node in plan.nodes if isinstance(node.step, ReplaceObject)]
    assert [(node.key, node.step.group) for node in replacing] == [
        ("replace/space/v1/ConfigMap/facts", "02-infrastructure")
    ]
    assert replacing[0].key in before(plan, "install/second")


def test_objects_of_one_name_in_two_groups_both_give_way() -> None:
    kinds = [ObjectRef(version, "Service", "space", "web", version) for version in ("v1", "serving.knative.dev/v1")]
    held = Blockers(replacements=tuple(Replacement(kind, "spec") for kind in kinds))
    stacks = {"store": ObservedStack("former", ready=True)}
    plan = make_plan(wanted(stack("store")), observed(stacks=stacks, blockers={"store": (held,)}))
    assert sum(isinstance(node.step, ReplaceObject) for node in plan.nodes) == 2


def test_the_plan_as_the_sinks_see_it() -> None:
    plan = make_plan(wanted(SPACES), observed(stacks={}))

    event = plan.as_event()
    assert (event.project, event.cluster, event.unchanged) == ("shop", "devenv-shop", ())
    assert [(s.key, s.group, s.needs, s.reason) for s in event.steps] == [
        ("install/spaces", "02-infrastructure", (), "new"),
        ("ready/spaces", "02-infrastructure", ("install/spaces",), "new"),
    ]


def test_what_stands_in_the_way_gives_way_right_before_its_source() -> None:
    grown = Growth(ObjectRef("v1", "PersistentVolumeClaim", "space", "data-store-0", "uid-1"), "1Gi", "2Gi")
    replaced = Replacement(ObjectRef("apps/v1", "StatefulSet", "space", "store", "uid-2"), "volume data", Kept.PODS)
    lost = Replacement(ObjectRef("v1", "PersistentVolumeClaim", "space", "files", "uid-3"), "2Gi -> 1Gi", loss="files")
    store = stack("store", images={"store": PLACE}, hooks={"before": [{"name": "backup", **HOOK}]})
    plan = make_plan(
        wanted(store),
        observed(
            stacks=recorded(store=ObservedStack("former", ready=True)),
            blockers={"store": (Blockers((grown,), (replaced, lost), ("claim old", "claim older")),)},
        ),
    )
    needs = needs_of(plan)
    ready = {"hook/store/before/backup", "load/store"}
    assert needs["grow/space/data-store-0"] == ready
    replacing = {"replace/space/apps/v1/StatefulSet/store", "replace/space/v1/PersistentVolumeClaim/files"}
    for key in replacing:
        assert needs[key] == ready | {"grow/space/data-store-0"}
    assert needs["install/store"] == ready | replacing | {"grow/space/data-store-0"}
    titles = {step.title: (step.reason, step.loses) for step in plan.as_event().steps if step.key in replacing}
    assert titles == {
        "Replace statefulset store: its pods go on": ("volume data", ""),
        "Replace persistentvolumeclaim files": ("2Gi -> 1Gi", "files"),
    }
    assert plan.losses == ("files", "claim old; claim older")
    assert [step.loses for step in plan.as_event().steps if step.key == "install/store"] == ["claim old; claim older"]


@pytest.mark.parametrize(
    ("blockers", "looks_ahead"),
    [({}, False), ({"store": (Blockers(),)}, False), ({"store": (None,)}, True)],
    ids=["nothing is there", "nothing stands in the way", "it is not known"],
)
def test_a_source_looks_for_itself_where_the_plan_could_not(blockers: Any, *, looks_ahead: bool) -> None:
    stacks = recorded(store=ObservedStack("former", ready=True))
    plan = make_plan(wanted(stack("store")), observed(stacks=stacks, blockers=blockers))
    steps = [node.step for node in plan.nodes if isinstance(node.step, InstallChart)]
    assert [step.looks_ahead for step in steps] == [looks_ahead]


def test_what_is_not_installed_has_nothing_to_give_way() -> None:
    ready, starting = ObservedStack("wanted", ready=True), ObservedStack("wanted", ready=False)
    stacks = recorded(spaces=ready, store=starting, web=ObservedStack("former", ready=True))
    assert [spec.name for spec, _ in stacks_to_install(wanted(*ALL), observed(stacks=stacks))] == ["web"]


def test_a_database_is_reset_after_its_new_pristine_state_is_made() -> None:
    server = stack("store", database=DATABASE)
    renewed = replace(rendered(server), renewed=True)
    plan = make_plan(replace(wanted(server), stacks=[(server, renewed)]), observed(stacks=recorded(server)))
    assert needs_of(plan)["reset/store"] == {"database/store"}
    assert {"install/store", "database/store"} <= before(plan, "reset/store")
    assert needs_of(plan)["ready/store"] == {"reset/store"}
    assert reasons_of(plan)["install/store"] == "to be reset"
    assert not make_plan(wanted(server), observed(stacks=recorded(server))).nodes


def test_commands_of_this_machine_are_shown_in_the_plan_each_once() -> None:
    here = {"name": "look", "command": ["sh", "-c", "echo there"], "dir": ".."}
    hooks = {"before": [here], "after": [{**here, "name": "again"}, {"name": "pods", "kubectl": ["get", "pods"]}]}
    plan = make_plan(wanted(stack("store", sources=[CHART], hooks=hooks)), observed())
    assert plan.host_commands == ("sh -c 'echo there' (in ..)",)
    titles = [step.title for step in plan.as_event().steps]
    assert "Run on this machine: sh -c 'echo there' (in ..), before store" in titles
    assert "Run hook pods after store" in titles
