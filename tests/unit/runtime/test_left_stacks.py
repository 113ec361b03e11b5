"""Stacks that are in the cluster and no longer in the specification, and what removes them."""

from __future__ import annotations

import subprocess
import sys

from devenv.adapters.kubernetes.cluster import Recorded, Release
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.plan.parts import plan_prune
from devenv.runtime.observe.cluster import ClusterFacts
from devenv.runtime.observe.left_stacks import left_stacks, no_longer_named
from devenv.runtime.observe.uninstalling import uninstalling

SETS, MAPS, CLAIMS = "apis/apps/v1/statefulsets", "api/v1/configmaps", "api/v1/persistentvolumeclaims"
SHOP = Names("shop")


def release(name: str, stack: str) -> Release:
    return Release(name, "data", 1, "deployed", "content" if stack else "", stack, 1)


ORDERS = Recorded(
    "content",
    {
        "api/v1/namespaces": {"data": "a"},
        MAPS: {"data/orders": "b", "data/shared": "c"},
        SETS: {"data/orders": "d"},
        CLAIMS: {"data/scratch": "e"},
    },
    ("data/orders",),
    {"data/data-orders-0": "uid"},
)
FACTS = ClusterFacts(
    ClusterState.RUNNING,
    releases=(*(release(name, name) for name in ("orders", "half", "api")), release("mine", "")),
    records={"orders": ORDERS, "api": Recorded("content", {MAPS: {"data/shared": "c"}})},
)


def test_left_is_what_was_installed_and_is_not_named_also_where_it_was_never_ready() -> None:
    assert left_stacks(FACTS, ["api", "web"]) == ("half", "orders"), "releases of others are none of devenv's"
    assert left_stacks(FACTS, ["api", "half", "orders"]) == ()
    assert no_longer_named(["half"]) == "half is in the cluster and no longer in devenv.yaml"
    assert no_longer_named(["half", "orders"]) == "half, orders are in the cluster and no longer in devenv.yaml"


def test_all_of_a_stack_goes_but_what_others_may_use() -> None:
    step = uninstalling("orders", FACTS, ["api"], keep_data=False)

    assert step.releases == ("data/orders",)
    assert step.objects == ((SETS, "data/orders"), (MAPS, "data/orders")), "what was applied last goes first"
    assert step.claims == ("data/data-orders-0", "data/scratch")
    assert step.loses == "everything that data/data-orders-0, data/scratch hold"


def test_kept_data_is_what_no_release_takes_with_it() -> None:
    assert uninstalling("orders", FACTS, ["api"], keep_data=True).claims == ("data/scratch",)


def test_what_was_never_ready_goes_by_its_release() -> None:
    step = uninstalling("half", FACTS, ["api"], keep_data=False)

    assert (step.releases, step.objects, step.claims, step.loses) == (("data/half",), (), (), "")


def test_the_plan_names_what_is_lost() -> None:
    plan = plan_prune(SHOP, [uninstalling(name, FACTS, ["api"], keep_data=False) for name in ("half", "orders")])

    assert {node.key: node.needs for node in plan.nodes} == {"uninstall/half": set(), "uninstall/orders": set()}
    assert plan.losses == ("everything that data/data-orders-0, data/scratch hold",)


def test_the_status_loads_no_steps_of_plans() -> None:
    loaded = "import sys, devenv.workflows.status; print('devenv.plan.steps' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
