"""How the pod of a copy stands beside the original's: by which labels, and under which network policies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.selectors import let_go
from devenv.adapters.kubernetes.surroundings import Surroundings
from devenv.runtime.service_copies.identity import Identity
from devenv.runtime.service_copies.policies import Seen, extended_policies
from devenv.runtime.service_copies.routes import leading_to


@dataclass(frozen=True, slots=True)
class Place:
    """What is decided of a pod before it is known what runs in it."""

    labels: Mapping[str, str]
    services: tuple[Json, ...]
    """Those that lead to the original."""
    policies: tuple[Json, ...]
    """That have to be made for it."""


def place_beside(around: Surroundings, identity: Identity) -> Place:
    """The place of a copy of a workload."""
    before = around.workload["spec"]["template"]["metadata"].get("labels") or {}
    near = [service for service in around.services if service["metadata"]["namespace"] == identity.namespace]
    labels = _labels(around, before, near, identity)
    own = {**labels, **identity.project_labels, **identity.selector}
    original = Seen(identity.namespace, around.namespace_labels, before)
    policies = extended_policies(around.policies, original, own, identity)
    return Place(labels, tuple(leading_to(before, near)), tuple(policies))


def _labels(
    around: Surroundings, before: Mapping[str, str], services: Iterable[Json], identity: Identity
) -> dict[str, str]:
    """The original's labels, as far as no Service, controller or disruption budget takes the copy for the original.

    As many as can be are kept, since more than Services goes by them: network policies, monitors, people. Of two ways
    to let go of a selector the one is taken that no network policy notices.
    """
    avoided = [{"matchLabels": wanted} for service in services if (wanted := service["spec"].get("selector"))]
    kept = [policy["spec"].get("podSelector") or {} for policy in around.policies]
    kept += [
        peer["podSelector"]
        for policy in around.policies
        for rules, peers in (("ingress", "from"), ("egress", "to"))
        for rule in policy["spec"].get(rules) or ()
        for peer in rule.get(peers) or ()
        if peer.get("podSelector")
    ]
    name = around.workload["metadata"]["name"]
    return let_go(before, [*avoided, *around.selectors], kept, identity.named(name))
