"""The plan of each command, from values alone: no engine, no cluster, and no file is asked for any of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.plans import (
    PLACE,
    SPACES,
    STORE,
    WEB,
    image,
    images,
    needs_of,
    observed,
    reasons_of,
    recorded,
    reference,
    rendered,
    stack,
    wanted,
)

from devenv.errors import ImageError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.graph import select_from
from devenv.plan.image import Assembly, Bootstrap, Image, Recipe
from devenv.plan.names import Names
from devenv.plan.observed import ObservedImages, ObservedStack
from devenv.plan.parts import (
    plan_awaiting,
    plan_borrow,
    plan_build,
    plan_leading_tasks,
    plan_load,
    plan_pull,
    plan_reset,
    plan_restart,
    plan_round,
    plan_start,
)
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.planner import Wanted, make_plan, needed_images
from devenv.plan.provision import choose_references
from devenv.plan.steps import AwaitReady, BuildImage, DebugWorkload, InstallChart, LoadImage, PullImage
from devenv.plan.tasks import ObservedTask
from devenv.spec.stack import StackSpec
from devenv.spec.tasks.task import Task
from devenv.spec.versions import NODE
from devenv.spec.workspace import LoadedStack

SHOP = Names("shop")
DATABASE = {"engine": "mysql", "workload": "w", "name": "n", "user": "u", "secret": "s", "node_port": 30306}
LEDGER = stack("ledger", database=DATABASE, images={"store": PLACE})
QUEUES = stack("queues", seeds=True)


ASKING = frozenset({"open", "os.listdir", "os.scandir", "socket.connect", "subprocess.Popen"})
"""What the interpreter tells of anybody who asks for something outside of the process."""


class Watch:
    """Notes what is asked for while it is on; a hook of the interpreter stays until the process ends."""

    def __init__(self) -> None:
        self.is_on = False
        self.asked: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.is_on and event in ASKING:
            self.asked.append(f"{event} {arguments}")


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture(autouse=True)
def _nobody_is_asked(watch: Watch) -> Iterator[None]:
    watch.asked.clear()
    watch.is_on = True
    yield
    watch.is_on = False
    assert not watch.asked


def made(name: str, base: str = "", *, local: bool = False) -> Image:
    """An image that nobody publishes, made of another one."""
    recipe = replace(RECIPE, bases=(("BASE", base),) if base else ())
    return Image(name, "", None, None, f"localhost/devenv/{name}:1", recipe, local=local)


RECIPE = Recipe(Path("/recipe/Dockerfile"), Path("/recipe"), None, (), ())
DEBIAN = replace(made("debian"), origin=Bootstrap("trixie"))
NODE_IMAGE = replace(made(NODE), upstream="kindest/node:1", origin=Assembly("node-base", (("etcd:3", "etcd"),)))
CATALOGUE = {
    found.name: found
    for found in (DEBIAN, made("golang", "debian"), made("etcd", "golang"), made("node-base", "golang"), NODE_IMAGE)
} | {"store": made("store", "golang", local=True), "web": image("web")}


def machine(*in_engine: str, registries: Mapping[str, bool] | None = None) -> ObservedImages:
    there = frozenset(CATALOGUE[name].own or "" for name in in_engine)
    return ObservedImages(CATALOGUE, there, registries or {})


def to_bring_up(stacks: Sequence[StackSpec], seen: ObservedImages) -> Wanted:
    """What `up` wants of an engine: its images are chosen first, since charts carry their references."""
    chosen = choose_references(seen, [NODE, *(name for spec in stacks for name in spec.images)], "auto", frozenset())
    inputs = [(spec, replace(rendered(spec), images={name: chosen[name] for name in spec.images})) for spec in stacks]
    return replace(wanted(), stacks=inputs, needs={spec.name: spec.needs for spec in stacks}, references=chosen)


def test_up_from_nothing_without_a_registry_makes_everything_bases_first() -> None:
    seen = machine()
    given = to_bring_up([SPACES, STORE], seen)
    there = observed(ClusterState.ABSENT, images=seen, tools_present=frozenset())
    assert needed_images(given, there) == ("store", NODE)

    plan = make_plan(given, there)
    needs = needs_of(plan)
    assert needs["image/debian"] == set()
    assert needs["image/golang"] == {"image/debian", "tool/buildx"}
    assert needs["image/store"] == needs["image/etcd"] == {"image/golang", "tool/buildx"}
    assert needs["image/node"] == {"image/node-base", "image/etcd"}
    assert needs["cluster/create"] == {"image/node", "tool/kind"}
    assert needs["install/store"] == {
        "cluster/create",
        "load/store",
        "ready/spaces",
        "tool/helm",
        "tool/kind",
        "tool/kubectl",
    }
    assert [n.step.changes for n in plan.nodes if isinstance(n.step, LoadImage)] == [True]


def test_up_pulls_what_a_registry_has_and_makes_nothing_of_it() -> None:
    seen = machine("golang", registries={"docker.io": True, "registry.test": True})
    plan = make_plan(to_bring_up([STORE, WEB], seen), observed(ClusterState.ABSENT, images=seen))

    provided = {n.key: type(n.step) for n in plan.nodes if n.key.startswith("image/")}
    assert provided == {"image/store": BuildImage, "image/web": PullImage, "image/node": PullImage}


def test_pull_brings_the_same_and_starts_nothing() -> None:
    seen = machine("golang", registries={"docker.io": True})
    given = to_bring_up([SPACES, STORE], seen)
    there = observed(ClusterState.ABSENT, images=seen, tools_present=frozenset())
    plan = plan_pull(given, there)

    assert needs_of(plan) == {
        key: needs for key, needs in needs_of(make_plan(given, there)).items() if key.startswith(("image/", "tool/"))
    }
    assert {"image/store", "image/node", "tool/helm", "tool/buildx"} <= {node.key for node in plan.nodes}


def test_up_of_a_part_plans_that_part_alone() -> None:
    stacks = {spec.name: spec for spec in (SPACES, STORE, WEB, LEDGER)}
    selection = select_from(
        {n: s.needs for n, s in stacks.items()}, {n: s.layer for n, s in stacks.items()}, only=["store"]
    )
    plan = make_plan(wanted(*(stacks[name] for name in selection), unselected=[WEB, LEDGER]), observed())

    assert {getattr(n.step, "stack", "") for n in plan.nodes} - {""} == {"spaces", "store"}


def test_migrate_installs_the_stack_whose_migrations_changed() -> None:
    """`devenv db migrate` is `up` of the databases' stacks: a new migration is new content."""
    plan = make_plan(wanted(LEDGER), observed(stacks={"ledger": ObservedStack("former", ready=True)}))

    assert reasons_of(plan)["install/ledger"] == reasons_of(plan)["database/ledger"] == "changed"
    assert "reset/ledger" not in needs_of(plan)


def test_build_makes_what_changed_and_what_that_is_built_on() -> None:
    plan = plan_build(SHOP, ["store"], machine("debian"), "auto", has_buildx=False)

    assert reasons_of(plan) == {"image/golang": "missing", "image/store": "changed", "tool/buildx": "missing"}
    assert needs_of(plan)["image/store"] == {"image/golang", "tool/buildx"}
    assert (plan.project, plan.cluster, plan.unchanged) == ("shop", "devenv-shop", ())


def test_build_of_what_is_there_is_an_empty_plan() -> None:
    plan = plan_build(SHOP, ["store"], machine("store"), "auto", has_buildx=False)

    assert (plan.nodes, plan.unchanged) == ((), ("store",))


def test_build_refuses_what_can_be_had_from_nowhere() -> None:
    lonely = ObservedImages({"web": image("web")})
    with pytest.raises(ImageError, match=r"registry\.test does not answer"):
        plan_build(SHOP, ["web"], lonely, "auto", has_buildx=True)


def test_before_images_are_made_the_tasks_run_whose_inputs_have_changed_and_those_that_need_them() -> None:
    tasks = {
        "generate": Task(run="make", deps=("src",)),
        "bundle": Task(run="make", deps=("out",), needs=("generate",)),
        "lint": Task(run="make", deps=("src",)),
    }
    same = ObservedTask("a", "a")

    plan = plan_leading_tasks(SHOP, tasks, {"generate": ObservedTask("b", "a"), "bundle": same, "lint": same})

    assert reasons_of(plan) == {"task/generate": "changed", "task/bundle": "after generate"}
    assert needs_of(plan)["task/bundle"] == {"task/generate"}


def test_load_is_a_step_for_each_image() -> None:
    plan = plan_load(SHOP, {"store": "localhost/devenv/store:1", "redis:7": "redis:7"})

    assert [n.step for n in plan.nodes] == [
        LoadImage("store", "localhost/devenv/store:1", "devenv-shop", changes=True),
        LoadImage("redis:7", "redis:7", "devenv-shop", changes=True),
    ]
    assert needs_of(plan) == {"load/store": set(), "load/redis:7": set()}


def test_reset_db_seeds_before_it_resets_what_is_seeded() -> None:
    plan = plan_reset(SHOP, [LEDGER], QUEUES, '{"queues": []}')

    assert needs_of(plan) == {"seeds/queues": set(), "aws/queues": {"seeds/queues"}, "reset/ledger": set()}
    assert plan_reset(SHOP, [], None, "{}").nodes == ()


def test_restart_goes_from_stack_to_stack() -> None:
    plan = plan_restart(SHOP, [LEDGER, QUEUES])

    assert needs_of(plan) == {"restart/ledger": set(), "restart/queues": {"restart/ledger"}}


def test_a_round_builds_loads_and_rolls_out_with_a_early_swap() -> None:
    round_of = wanted(STORE)
    there = observed(
        stacks=recorded(SPACES, store=ObservedStack("former", ready=True)),
        images=images(built={"store"}),
        blockers={"store": (None,)},
    )
    plan = plan_round(round_of, there, {"store"}, [reference("store")])

    assert needs_of(plan) == {
        "image/store": set(),
        "load/store": {"image/store"},
        "install/store": {"load/store"},
        "ready/store": {"install/store"},
    }
    (install,) = [n.step for n in plan.nodes if isinstance(n.step, InstallChart)]
    assert (install.swaps, install.looks_ahead) == ((reference("store"),), True)


def test_a_round_of_a_stack_that_changed_otherwise_has_no_early_swap() -> None:
    there = observed(stacks={"store": ObservedStack("former", ready=True)}, images=images(in_engine={"store"}))
    plan = plan_round(wanted(STORE), there, set(), [reference("store")])

    assert [n.step.swaps for n in plan.nodes if isinstance(n.step, InstallChart)] == [()]


def test_a_round_in_which_nothing_changed_is_an_empty_plan() -> None:
    assert not plan_round(wanted(STORE), observed(stacks=recorded(STORE)), {"store"}, [reference("store")]).nodes


def test_start_starts_the_cluster_and_then_awaits_what_is_installed_all_at_once() -> None:
    first = plan_start(SHOP, ClusterState.STOPPED)
    assert reasons_of(first) == {"cluster/create": "stopped"}
    assert first.starts_cluster

    loaded = [LoadedStack(spec, Path("/stacks") / spec.name, builtin=True) for spec in (SPACES, LEDGER)]
    second = plan_awaiting(SHOP, loaded, ["queues"], "restarted")
    assert needs_of(second) == {"ready/spaces": set(), "ready/ledger": set()}
    assert second.unchanged == ("queues",)
    awaited = second.nodes[1].step
    assert isinstance(awaited, AwaitReady)
    assert (awaited.root, awaited.deadline, awaited.checks) == (loaded[1].root, LEDGER.deadline, LEDGER.ready)
    assert (awaited.content, awaited.images, second.losses) == ("", (), ())


def test_a_debugger_is_brought_into_the_nodes_before_a_workload_is_put_under_it() -> None:
    step = DebugWorkload("web", "04-apps", "apps", "Deployment", "web", "helm", "{}", timedelta(minutes=5))
    build = BuildImage("delve", "localhost/devenv/delve:1", Path("Dockerfile"), Path())
    built = Plan.of("shop", "devenv-shop", [PlanNode(build, frozenset(), "missing")])
    plan = plan_borrow(SHOP, step, {"delve": "localhost/devenv/delve:1"}, built)

    assert needs_of(plan) == {
        "image/delve": set(),
        "load/delve": {"image/delve"},
        "debug/web": {"image/delve", "load/delve"},
    }
    assert needs_of(plan_borrow(SHOP, step, {}, Plan.of("shop", "devenv-shop", []))) == {"debug/web": set()}
