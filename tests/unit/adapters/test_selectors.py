from __future__ import annotations

import pytest

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.selectors import let_go, matches

LABELS = {"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "shop", "tier": "web"}
BOTH = {"matchLabels": {"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "shop"}}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"key": "tier", "operator": "In", "values": ["web", "api"]}, True),
        ({"key": "tier", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "tier", "operator": "Exists"}, True),
        ({"key": "tier", "operator": "DoesNotExist"}, False),
        ({"key": "tier", "operator": "Unheard"}, False),
    ],
)
def test_a_selector_means_what_kubernetes_says(rule: Json, *, holds: bool) -> None:
    assert matches({"matchExpressions": [rule]}, LABELS) is holds


def test_nothing_changes_where_nothing_selects() -> None:
    assert let_go(LABELS, [{"matchLabels": {"app.kubernetes.io/name": "web"}}], [], "copy") == LABELS


def test_what_tells_releases_apart_changes_and_the_rest_stays() -> None:
    assert let_go(LABELS, [BOTH], [], "copy") == {**LABELS, "app.kubernetes.io/instance": "copy"}


def test_the_label_changes_that_no_policy_asks_for() -> None:
    policy = {"matchLabels": {"app.kubernetes.io/instance": "shop"}}
    assert let_go(LABELS, [BOTH], [policy], "copy") == {**LABELS, "app.kubernetes.io/name": "copy"}


def test_several_selectors_may_take_several_labels() -> None:
    changed = let_go(LABELS, [BOTH, {"matchLabels": {"tier": "web"}}], [], "copy")
    assert changed == {**LABELS, "app.kubernetes.io/instance": "copy", "tier": "copy"}


def test_a_label_goes_where_any_value_of_it_is_selected() -> None:
    exists = {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}
    assert let_go(LABELS, [exists], [], "copy") == {k: v for k, v in LABELS.items() if k != "tier"}


def test_nobody_escapes_from_a_selector_of_everything() -> None:
    assert let_go(LABELS, [{}], [], "copy") == LABELS


def test_a_selector_that_a_change_would_please_is_avoided_too() -> None:
    without_tier = [
        {"key": "tier", "operator": "DoesNotExist"},
        {"key": "app.kubernetes.io/name", "operator": "Exists"},
    ]
    exists = {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}
    assert let_go(LABELS, [exists, {"matchExpressions": without_tier}], [], "copy") == {
        "app.kubernetes.io/instance": "shop"
    }
