"""A cluster whose namespaces begin otherwise than devenv.yaml, of another version or project name, makes them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.plans import observed, stack, wanted

from devenv.adapters.kubernetes.cluster import Recorded
from devenv.errors import NamespacePrefixError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.observed import Observed, ObservedStack
from devenv.plan.planner import Wanted, make_plan
from devenv.runtime.observe.cluster import ClusterFacts

STORE = stack("store", namespace="shop-database")
QUEUE = stack("queue", namespace="shop-messaging")
OPERATOR = stack("operator", namespace="external-secrets")
SHOP = replace(wanted(STORE, QUEUE, OPERATOR), assumed_prefix="shop")


def in_cluster(**namespaces: str) -> Observed:
    stacks = {
        name: ObservedStack("former", ready=True, namespaces=frozenset({namespace}))
        for name, namespace in namespaces.items()
    }
    return observed(stacks=stacks)


def planned(project: Wanted, there: Observed) -> int:
    return len(make_plan(project, there).nodes)


def test_a_cluster_of_before_the_prefix_could_be_chosen_is_not_planned_anew_in_other_namespaces() -> None:
    with pytest.raises(NamespacePrefixError) as caught:
        make_plan(SHOP, in_cluster(store="alt-database", queue="alt-messaging", operator="external-secrets"))
    error = caught.value
    assert error.message == "the namespaces of this cluster begin with alt, and those that are planned with shop"
    assert error.context == {"in the cluster": "alt-database, alt-messaging", "stacks": "store, queue"}
    assert "namespace_prefix: alt;" in error.hint
    assert error.hint.endswith("namespace_prefix: shop")


def test_a_prefix_that_devenv_yaml_says_is_taken_as_it_is() -> None:
    assert planned(replace(SHOP, assumed_prefix=""), in_cluster(store="alt-database")) > 0


@pytest.mark.parametrize(
    "there",
    [
        in_cluster(store="shop-database", operator="external-secrets"),
        in_cluster(store="somewhere", operator="operators"),
        in_cluster(store="alt-database", queue="old-messaging"),
        in_cluster(),
        observed(ClusterState.ABSENT),
    ],
    ids=["the same", "names of no kin", "several beginnings", "nothing", "no cluster"],
)
def test_what_is_no_other_prefix_is_planned(there: Observed) -> None:
    assert planned(SHOP, there) > 0


def test_the_namespaces_are_those_of_the_recorded_releases() -> None:
    records = {"store": Recorded("former", {}, ("alt-database/store", "alt-database/store-migrations"))}
    stacks = ClusterFacts(ClusterState.RUNNING, records=records).observed_stacks()
    assert stacks["store"].namespaces == {"alt-database"}
