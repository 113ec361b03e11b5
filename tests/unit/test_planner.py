"""From what is wanted and what is there to a plan; plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import ForeignClusterError
from devenv.plan.observed import ClusterState, Observed, ObservedStack, StackInput
from devenv.plan.plan import Plan, PlanDraft
from devenv.plan.planner import Provision, Wanted, make_plan
from devenv.plan.steps import AwaitNodeRuntime, BuildImage, FetchModule, InstallChart, LoadImage, ProvideTool, PullImage
from devenv.spec.stack import StackSpec
from devenv.spec.versions import Versions

MODULE = "example.org/operator"
PINNED = {"version": "v1.2.3", "sum": f"h1:{'A' * 43}="}
VERSIONS = Versions.model_validate(
    {"tools": {}, "modules": {MODULE: PINNED}, "node": {"kubernetes": "v1.36.3", "image": "kind-node"}, "images": {}}
)
TOOLS = ("kind", "helm", "kubectl")
EVERY_TOOL = frozenset({*TOOLS, "buildx"})
PLACE = {"repository": "image.repository", "tag": "image.tag"}
CHART = {"chart": {"path": "chart"}}
HOOK = {"kubectl": ["get", "pods"]}


@dataclass(frozen=True)
class Provider:
    """Brings images into an engine that holds some of them: those of `built` by building, others by pulling."""

    in_engine: frozenset[str] = frozenset()
    built: frozenset[str] = frozenset()

    def __call__(self, names: Sequence[str]) -> Sequence[Provision]:
        return [(self.step(name), self.needs(name)) for name in dict.fromkeys(names) if name not in self.in_engine]

    def step(self, name: str) -> BuildImage | PullImage:
        if name in self.built:
            return BuildImage(name, reference(name), Path("/recipe/Dockerfile"), Path("/recipe"))
        return PullImage(name, reference(name))

    def needs(self, name: str) -> frozenset[str]:
        return frozenset({"tool/buildx"} if name in self.built else ())


def reference(image: str) -> str:
    return f"registry.test/{image}:1"


def stack(name: str, *needs: str, **more: Any) -> StackSpec:
    document = {"layer": "02-infrastructure", "summary": "A stack", "namespace": "space", "version": "1"}
    return StackSpec.model_validate({"name": name, "needs": needs, "sources": [CHART], **document, **more})


def rendered(spec: StackSpec, content: str = "wanted") -> StackInput:
    return StackInput(
        name=spec.name,
        root=Path("/stacks") / spec.name,
        values="{}",
        content=content,
        images={image: reference(image) for image in spec.images},
        seeds="{}" if spec.seeds else "",
        domain="shop.localhost",
        sources=tuple(f"/stacks/{spec.name}/{index}" for index, _ in enumerate(spec.sources)),
    )


def wanted(*stacks: StackSpec, provide: Provider = Provider(), module_image: str | None = None) -> Wanted:
    return Wanted(
        project="shop",
        cluster="devenv-shop",
        stacks=[(spec, rendered(spec)) for spec in stacks],
        versions=VERSIONS,
        kind_config="nodes: [{role: control-plane}, {role: worker}]",
        node_image=reference("node"),
        tools=TOOLS,
        provide=provide,
        module_image=module_image,
    )


def observed(cluster: ClusterState = ClusterState.RUNNING, **more: Any) -> Observed:
    return Observed(**{"cluster": cluster, "nodes": ("node-1",), "tools_present": EVERY_TOOL, **more})


def recorded(*stacks: StackSpec, **differing: ObservedStack) -> Mapping[str, ObservedStack]:
    return {spec.name: ObservedStack("wanted", ready=True) for spec in stacks} | differing


def needs_of(plan: Plan) -> dict[str, set[str]]:
    return {node.key: set(node.needs) for node in plan.nodes}


def reasons_of(plan: Plan) -> dict[str, str]:
    return {node.key: node.reason for node in plan.nodes}


def before(plan: Plan, key: str) -> set[str]:
    """All steps that have to be done before this one."""
    needs, found, left = needs_of(plan), set[str](), [key]
    while left:
        fresh = needs[left.pop()] - found
        found |= fresh
        left += fresh
    return found


SPACES = stack("spaces")
STORE = stack("store", "spaces", images={"store": PLACE})
WEB = stack("web", "store", images={"web": PLACE})
ALL = (SPACES, STORE, WEB)


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
    }
    assert {reason for key, reason in reasons_of(plan).items() if not key.startswith("image/")} == {"new"}
    assert plan.unchanged == ()
    assert not plan.starts_cluster


def test_images_are_loaded_while_the_control_plane_starts() -> None:
    plan = make_plan(wanted(STORE), observed(ClusterState.ABSENT))

    assert "cluster/create" not in before(plan, "load/store")
    assert [n.step for n in plan.nodes if n.key == "cluster/node-runtime"] == [AwaitNodeRuntime("devenv-shop", 2)]


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


def test_a_changed_stack_waits_for_one_that_is_not_ready() -> None:
    stacks = recorded(SPACES, store=ObservedStack("wanted", ready=False), web=ObservedStack("former", ready=True))
    plan = make_plan(wanted(*ALL), observed(stacks=stacks, images_on_nodes=frozenset({reference("web")})))

    assert needs_of(plan) == {
        "ready/store": set(),
        "install/web": {"ready/store"},
        "ready/web": {"install/web"},
    }


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (ObservedStack("wanted", ready=True, pending=True), "interrupted"),
        (ObservedStack("", ready=False, pending=True, missing=True), "interrupted"),
        (ObservedStack("wanted", ready=True, missing=True), "incomplete"),
        (ObservedStack("", ready=True), "incomplete"),
        (ObservedStack("former", ready=False), "changed"),
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


def test_starting_a_cluster_takes_kind() -> None:
    plan = make_plan(wanted(*ALL), observed(ClusterState.STOPPED, tools_present=EVERY_TOOL - {"kind"}))

    assert needs_of(plan) == {"cluster/create": {"tool/kind"}, "tool/kind": set()}


def test_a_foreign_cluster_is_left_alone() -> None:
    with pytest.raises(ForeignClusterError, match="devenv-shop exists, and devenv did not make it"):
        make_plan(wanted(SPACES), observed(ClusterState.FOREIGN))


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
    built = Provider(built=frozenset({"store"}))

    assert "tool/buildx" not in needs_of(make_plan(wanted(STORE), observed(tools_present=tools)))
    plan = make_plan(wanted(STORE, provide=built), observed(tools_present=tools))
    assert needs_of(plan)["image/store"] == {"tool/buildx"}


def test_the_build_cache_is_pruned_after_builds_only_and_on_an_own_engine_only() -> None:
    built = Provider(built=frozenset({"store"}))
    on_own_engine = replace(wanted(STORE, provide=built), prunes_cache=True)

    assert "image/prune-build-cache" not in needs_of(make_plan(wanted(STORE), observed()))
    assert "image/prune-build-cache" not in needs_of(make_plan(wanted(STORE, provide=built), observed()))
    assert needs_of(make_plan(on_own_engine, observed()))["image/prune-build-cache"] == {"image/store"}


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
    provider = Provider(built=frozenset({"golang"}))
    plan = make_plan(wanted(OPERATOR, provide=provider, module_image="golang"), observed())

    assert needs_of(plan)[f"module/{MODULE}"] == {"image/golang"}


def test_fetching_in_the_go_image_is_a_build_and_takes_buildx() -> None:
    provider = Provider(in_engine=frozenset({"golang"}))
    plan = make_plan(
        wanted(OPERATOR, provide=provider, module_image="golang"), observed(tools_present=frozenset(TOOLS))
    )

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


def test_images_on_the_nodes_are_not_loaded() -> None:
    on_nodes = frozenset({reference("store")})
    plan = make_plan(wanted(STORE, WEB), observed(images_on_nodes=on_nodes))

    assert [n.step for n in plan.nodes if isinstance(n.step, LoadImage)] == [
        LoadImage("web", reference("web"), "devenv-shop")
    ]
    assert "image/store" not in needs_of(plan)


def test_images_in_the_engine_are_only_loaded() -> None:
    plan = make_plan(wanted(STORE, provide=Provider(in_engine=frozenset({"store"}))), observed())

    assert needs_of(plan)["load/store"] == set()
    assert "image/store" not in needs_of(plan)


def test_the_nodes_of_a_fresh_cluster_hold_nothing() -> None:
    on_nodes = frozenset({reference("store")})
    plan = make_plan(wanted(STORE), observed(ClusterState.ABSENT, images_on_nodes=on_nodes))

    assert "load/store" in needs_of(plan)


def test_the_steps_of_a_stack_follow_each_other() -> None:
    spec = stack(
        "store",
        tls=True,
        seeds=True,
        images={"store": PLACE},
        sources=[{"manifests": {"path": "first.yaml"}}, CHART, {"kustomize": {"path": "overlays/dev"}}],
        hooks={"before": [{"name": "a", **HOOK}, {"name": "b", **HOOK}], "after": [{"name": "a", **HOOK}]},
    )
    plan = make_plan(wanted(spec), observed(images_on_nodes=frozenset({reference("store")})))

    order = tuple(TopologicalSorter(needs_of(plan)).static_order())
    assert order == (
        "hook/store/before/a",
        "hook/store/before/b",
        "tls/store",
        "seeds/store",
        "apply/store/0",
        "install/store",
        "apply/store/2",
        "hook/store/after/a",
        "ready/store",
    )
    needs = needs_of(plan)
    assert all(needs[later] == {earlier} for earlier, later in pairwise(order))


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


def test_a_step_is_in_a_draft_once() -> None:
    draft = PlanDraft()
    assert draft.add(ProvideTool("kind"), {"tool/buildx"}, "missing") == "tool/kind"
    draft.add(ProvideTool("kind"), reason="again")

    assert ("tool/kind" in draft, len(draft)) == (True, 1)
    assert reasons_of(draft.finish("shop", "devenv-shop", ())) == {"tool/kind": "missing"}


def test_the_plan_as_the_sinks_see_it() -> None:
    plan = make_plan(wanted(SPACES), observed(stacks={}))

    event = plan.as_event()
    assert (event.project, event.cluster, event.unchanged) == ("shop", "devenv-shop", ())
    assert [(s.key, s.group, s.needs, s.reason) for s in event.steps] == [
        ("install/spaces", "02-infrastructure", (), "new"),
        ("ready/spaces", "02-infrastructure", ("install/spaces",), "new"),
    ]


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
    provider = draw(
        st.builds(
            Provider,
            in_engine=st.frozensets(st.sampled_from(IMAGES)),
            built=st.frozensets(st.sampled_from(IMAGES)),
        )
    )
    present = observed(
        draw(st.sampled_from([state for state in ClusterState if state is not ClusterState.FOREIGN])),
        stacks=draw(st.dictionaries(st.sampled_from([s.name for s in specs]), OBSERVED_STACKS)),
        tools_present=draw(st.frozensets(st.sampled_from(sorted(EVERY_TOOL)))),
        modules_present=draw(st.frozensets(st.just(MODULE))),
        images_on_nodes=draw(st.frozensets(st.sampled_from([reference(name) for name in IMAGES]))),
    )
    image = draw(st.sampled_from([None, "golang"]))
    return wanted(*specs, provide=provider, module_image=image), present


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
    plan = make_plan(*situation)

    keys = {node.key for node in plan.nodes}
    for spec, _ in situation[0].stacks:
        if f"ready/{spec.name}" in keys:
            needed = {f"ready/{need}" for need in spec.needs} & keys
            assert needed <= before(plan, f"ready/{spec.name}")
