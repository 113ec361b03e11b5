"""Graphs of needs, and which stacks the flags of a run leave."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.adapters.files.paths import data_root
from devenv.errors import UsageError
from devenv.plan.graph import choose, select, select_from
from devenv.spec.load import load_workspace
from devenv.spec.needs import cycles, nearest, needed_by, order

DATA = Path(__file__).parent / "specs" / "data"
EXAMPLE = Path(__file__).parents[3] / "examples" / "alt"
NAMES = st.sampled_from("abcdefgh")
GRAPHS = st.dictionaries(NAMES, st.frozensets(NAMES, max_size=4), max_size=8)
ACYCLIC = st.builds(
    lambda edges: {name: frozenset(n for n in edges.get(name, ()) if n < name) for name in "abcdefgh"}, GRAPHS
)

NEEDS = {
    "namespaces": (),
    "proxy": ("namespaces",),
    "aws": ("namespaces",),
    "secrets": ("aws",),
    "database": ("secrets",),
    "web": ("database", "proxy"),
}
LAYERS = {
    "namespaces": "01-foundation",
    "proxy": "02-infrastructure",
    "aws": "02-infrastructure",
    "secrets": "02-infrastructure",
    "database": "02-infrastructure",
    "web": "04-apps",
}


@given(needs=ACYCLIC)
def test_everything_comes_after_its_needs(needs: dict[str, frozenset[str]]) -> None:
    ordered = order(needs)

    assert sorted(ordered) == sorted(needs)
    for name, needed in needs.items():
        assert all(ordered.index(other) < ordered.index(name) for other in needed)


@given(needs=ACYCLIC, shuffled=st.randoms())
def test_the_order_does_not_depend_on_how_it_was_written(
    needs: dict[str, frozenset[str]], shuffled: random.Random
) -> None:
    names = list(needs)
    shuffled.shuffle(names)

    assert order({name: needs[name] for name in names}) == order(needs)


@given(needs=GRAPHS)
def test_cycles_are_cycles_and_all_that_keeps_from_an_order(needs: dict[str, frozenset[str]]) -> None:
    rings = cycles(needs)
    left = {name: set(needed) for name, needed in needs.items()}
    for ring in rings:
        assert ring[0] == min(ring)
        for name, needed in zip(ring, (*ring[1:], ring[0]), strict=True):
            assert needed in needs[name]
        left[ring[-1]].discard(ring[0])

    order(left)
    if rings:
        with pytest.raises(ValueError, match="cycle"):
            order(needs)


@given(needs=ACYCLIC, name=NAMES, among=st.frozensets(NAMES))
def test_the_nearest_lead_to_all_that_is_needed(
    needs: dict[str, frozenset[str]], name: str, among: frozenset[str]
) -> None:
    graph = {each: nearest(needs, each, among) for each in needs}
    assert needed_by(graph, [name]) == needed_by(needs, [name]) & among


@given(needs=ACYCLIC, only=st.frozensets(NAMES, min_size=1, max_size=3), skip=st.frozensets(NAMES, max_size=3))
def test_a_selection_has_its_needs_apart_from_what_is_skipped(
    needs: dict[str, frozenset[str]], only: frozenset[str], skip: frozenset[str]
) -> None:
    if only & skip:
        return
    selection = select_from(needs, dict.fromkeys(needs, "01-a"), only=sorted(only), skip=sorted(skip))

    assert set(only) <= set(selection)
    assert not set(selection) & set(skip)
    assert all(needs[name] <= {*selection, *skip} for name in selection)


def chosen(only: Sequence[str] = (), skip: Sequence[str] = (), layers: Sequence[str] = ()) -> tuple[str, ...]:
    return select_from(NEEDS, LAYERS, only=only, skip=skip, layers=layers)


def test_without_flags_all_stacks_in_order_of_layers() -> None:
    assert chosen() == ("namespaces", "aws", "proxy", "secrets", "database", "web")


def test_only_brings_its_needs() -> None:
    assert chosen(only=["secrets"]) == ("namespaces", "aws", "secrets")


def test_only_brings_what_is_wanted_too_which_comes_in_its_own_order() -> None:
    wants = {"namespaces": ("web",), "aws": ("proxy",)}

    assert select_from(NEEDS, LAYERS, wants=wants, only=["secrets"]) == chosen()
    assert select_from(NEEDS, LAYERS, wants=wants, only=["secrets"], skip=["web", "proxy"]) == chosen(only=["secrets"])


def test_localstack_comes_with_the_way_in_and_does_not_wait_for_it() -> None:
    workspace = load_workspace(EXAMPLE, data_root=data_root())

    assert "traefik" in select(workspace, only=["localstack"])
    assert "traefik" not in needed_by(
        {name: stack.spec.needs for name, stack in workspace.stacks.items()}, ["localstack"]
    )


def test_a_layer_brings_its_needs_and_may_be_named_by_its_number() -> None:
    assert chosen(layers=["01"]) == ("namespaces",)
    assert chosen(layers=["04-apps"]) == chosen()


def test_what_is_skipped_is_left_out_and_what_needs_it_stays() -> None:
    assert chosen(skip=["proxy"]) == ("namespaces", "aws", "secrets", "database", "web")


def test_what_only_a_skipped_stack_needs_is_left_out_too() -> None:
    assert chosen(only=["web"], skip=["database"]) == ("namespaces", "proxy", "web")


@pytest.mark.parametrize(
    ("flags", "message", "hint"),
    [
        ({"only": ["wbe"]}, "--only: the project has no wbe", "did you mean web?"),
        (
            {"skip": ["kafka"]},
            "--skip: the project has no kafka",
            "stacks of this project: aws, database, names",
        ),
        (
            {"layers": ["4"]},
            "--layer: the project has no 4",
            "layers of this project: 01-foundation, 02-infra",
        ),
        (
            {"only": ["web"], "skip": ["web"]},
            "web is named by both --only and --skip",
            "drop one of the two flags",
        ),
        ({"skip": list(NEEDS)}, "the flags leave no stack", "name fewer stacks with --skip"),
    ],
)
def test_flags_that_cannot_be_meant(flags: dict[str, list[str]], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(**flags)

    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)


def test_the_stacks_of_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "devenv.yaml").write_text("project: shop\nstacks: [{name: store}]\n", encoding="utf-8")
    workspace = load_workspace(tmp_path, data_root=DATA, versions_file=DATA / "versions.yaml")

    assert select(workspace, skip=["namespaces"]) == ("store",)


def test_a_task_that_is_skipped_goes_and_those_that_need_it_stay(tmp_path: Path) -> None:
    spec = "project: shop\nstacks: [{name: store}]\ntasks: {a: {run: x}, b: {run: y, needs: [a, store]}}\n"
    (tmp_path / "devenv.yaml").write_text(spec, encoding="utf-8")
    workspace = load_workspace(tmp_path, data_root=DATA, versions_file=DATA / "versions.yaml")

    left, stacks = choose(workspace, skip=["a", "namespaces"])

    assert {name: task.needs for name, task in left.project.tasks.items()} == {"b": ("store",)}
    assert stacks == ("store",)
    with pytest.raises(UsageError, match="--skip: the project has no c") as caught:
        choose(workspace, skip=["c"])
    assert caught.value.hint == "stacks or tasks of this project: a, b, namespaces, store"
