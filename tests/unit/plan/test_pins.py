"""`devenv lock` after `devenv up`: what runs already is not installed again, where that is proven."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.plans import STORE, observed, reasons_of, recorded, rendered, wanted

from devenv.plan.observed import ObservedStack
from devenv.plan.plan import Plan
from devenv.plan.planner import make_plan, stacks_to_install
from devenv.plan.steps import AwaitReady
from devenv.runtime.observe.pins import runs
from devenv.runtime.observe.staleness import ExpectedImage, RunningContainer

PINNED = replace(rendered(STORE, "pinned"), unpinned_content="wanted")
PROJECT = replace(wanted(STORE), stacks=[(STORE, PINNED)])
ID, OTHER = (f"sha256:{letter * 64}" for letter in "ab")
REFERENCE = "registry.test/store:1"
EXPECTED = ExpectedImage("store", REFERENCE, ID, local=False)


def planned(*proven: str, **known: Any) -> Plan:
    stacks = recorded(store=ObservedStack("wanted", ready=True, **known))
    return make_plan(PROJECT, observed(stacks=stacks, proven_pins=frozenset(proven)))


def test_a_stack_that_provably_runs_what_is_pinned_is_only_recorded_anew() -> None:
    (node,) = planned("store").nodes
    assert isinstance(node.step, AwaitReady)
    assert (node.step.pinned_since, node.step.content) == (True, "pinned")
    assert node.reason == "runs what devenv.lock pins since"
    seen = observed(stacks=recorded(STORE), proven_pins=frozenset({"store"}))
    assert stacks_to_install(PROJECT, seen) == []


def test_a_stack_without_proof_is_installed_and_the_plan_says_why() -> None:
    reasons = reasons_of(planned())
    assert reasons["install/store"] == "changed: devenv.lock pins images, which it is not proven to run"
    assert reasons.keys() >= {"load/store", "ready/store"}


@pytest.mark.parametrize(("fact", "reason"), [("pending", "interrupted"), ("missing", "incomplete")])
def test_what_else_is_wrong_with_it_goes_before(fact: str, reason: str) -> None:
    assert reasons_of(planned("store", **{fact: True}))["install/store"] == reason


def test_another_change_beside_the_pin_is_a_change() -> None:
    stacks = recorded(store=ObservedStack("another", ready=True))
    plan = make_plan(PROJECT, observed(stacks=stacks, proven_pins=frozenset({"store"})))
    assert reasons_of(plan)["install/store"] == "changed"


class Nodes:
    """Nodes that mean an image by every name, or none."""

    def __init__(self, **held: str) -> None:
        self.held = held

    def meant(self, node: str, name: str) -> frozenset[str]:
        assert name == REFERENCE
        return frozenset({self.held[node]} if self.held[node] else ())

    def parts(self, node: str, digest: str) -> frozenset[str]:
        assert digest == "" or node in self.held
        return frozenset()


def container(digest: str, reference: str = REFERENCE) -> RunningContainer:
    return RunningContainer("space", "store-0", "main", "one", reference, digest)


@pytest.mark.parametrize(
    ("running", "held", "proven"),
    [
        ([container(ID)], {"one": ID, "two": ID}, True),
        ([container(OTHER, "registry.test/sidecar:1")], {"one": ID}, True),
        ([], {"one": ID}, True),
        ([container(OTHER)], {"one": ID}, False),
        ([container(OTHER)], {"one": OTHER}, False),
        ([container(ID), container("")], {"one": ID}, False),
        ([container(ID)], {"one": ID, "two": OTHER}, False),
        ([container(ID)], {"one": ID, "two": ""}, False),
    ],
)
def test_proof_is_that_all_containers_run_it_and_no_node_would_start_another(
    running: list[RunningContainer], held: dict[str, str], *, proven: bool
) -> None:
    assert runs([EXPECTED], running, list(held), Nodes(**held)) is proven
