"""Network policies that let a copy do what the original may. Pure.

A copy lacks a label or two of the original's, which its Services select by (see `selectors.let_go`). Policies that
go by these are extended for it: those that select the original, and those of others that let the original in or are
reached by it. Policies only add up, so that nothing that is there has to be changed:
https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.selectors import Labels, matches
from devenv.runtime.service_copies.identity import Identity

_DIRECTIONS = (("ingress", "Ingress", "from"), ("egress", "Egress", "to"))
_NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that each namespace has: https://kubernetes.io/docs/reference/labels-annotations-taints/"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What policies see of a pod."""

    namespace: str
    namespace_labels: Labels
    labels: Labels

    def is_subject(self, policy: Json) -> bool:
        """Whether a policy is about the pod."""
        selector = policy["spec"].get("podSelector") or {}
        return policy["metadata"]["namespace"] == self.namespace and matches(selector, self.labels)

    def is_peer(self, peer: Json, policy: Json) -> bool:
        """Whether a peer of a policy means the pod."""
        if "ipBlock" in peer:
            return False
        if "namespaceSelector" in peer:
            near = matches(peer["namespaceSelector"] or {}, self.namespace_labels)
        else:
            near = policy["metadata"]["namespace"] == self.namespace
        return near and matches(peer.get("podSelector") or {}, self.labels)


def extended_policies(
    policies: Iterable[Json], original: Seen, copy: Mapping[str, str], identity: Identity
) -> Iterator[Json]:
    """The policies to add; none where the copy's labels are enough for those that are there.

    Args:
        policies: all of the cluster.
        original: a pod of the original.
        copy: the copy's labels.
        identity: of the copy.
    """
    seen = Seen(original.namespace, original.namespace_labels, copy)
    for policy in policies:
        if original.is_subject(policy) and not seen.is_subject(policy):
            yield _policy(policy, identity, {**policy["spec"], "podSelector": {"matchLabels": identity.selector}})
        rules = {}
        for key, direction, peers in _DIRECTIONS:
            own = [
                {**rule, peers: [_copy_as_peer(identity)]}
                for rule in policy["spec"].get(key) or ()
                if _means(rule.get(peers), policy, original) and not _means(rule.get(peers), policy, seen)
            ]
            if own:
                rules[direction] = (key, own)
        if rules:
            spec = {"podSelector": policy["spec"].get("podSelector") or {}, "policyTypes": list(rules)}
            yield _policy(policy, identity, {**spec, **dict(rules.values())}, "peers-")


def _means(peers: list[Json] | None, policy: Json, pod: Seen) -> bool:
    """Whether a rule means the pod; one without peers means everybody."""
    return not peers or any(pod.is_peer(peer, policy) for peer in peers)


def _copy_as_peer(identity: Identity) -> Json:
    namespace = {"matchLabels": {_NAMESPACE_NAME: identity.namespace}}
    return {"namespaceSelector": namespace, "podSelector": {"matchLabels": identity.selector}}


def _policy(policy: Json, identity: Identity, spec: Json, prefix: str = "") -> Json:
    metadata = identity.metadata(f"{prefix}{policy['metadata']['name']}", namespace=policy["metadata"]["namespace"])
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
