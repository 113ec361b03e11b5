"""Labels that select: Services and budgets that no pod fits, and workloads that do not select their own pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devenv.spec.kubernetes.finding import Finding, Rendered, mapping
from devenv.spec.kubernetes.inventory import Inventory, fits

_SELECTING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")


def selector_findings(each: Rendered, inventory: Inventory) -> Iterator[Finding]:
    """Selectors of an object that fit nothing."""
    if each.kind in _SELECTING:
        wanted = mapping(each.item, "spec", "selector", "matchLabels")
        labels = mapping(each.item, "spec", "template", "metadata", "labels")
        if wanted and not fits(wanted, labels):
            message = "the selector does not fit the labels of its own pods"
            yield Finding("dead-selector", "error", ("spec", "selector", "matchLabels"), message)
    elif each.kind == "Service":
        wanted = mapping(each.item, "spec", "selector")
        if (
            wanted
            and not _is_made_by_operator(wanted, each.namespace, inventory)
            and not any(fits(wanted, labels) for _, labels in inventory.pods(each.namespace))
        ):
            text = ",".join(f"{key}={value}" for key, value in wanted.items())
            message = f"no pod in namespace {each.namespace} has the labels {text}"
            yield Finding("dead-selector", "warning", ("spec", "selector"), message)


def _is_made_by_operator(wanted: Mapping[str, Any], namespace: str, inventory: Inventory) -> bool:
    """Whether a selector has the name of a custom object: an operator makes the pods of that."""
    custom = [
        other
        for (_, where), names in inventory.found.items()
        for other in (names.values() if where == namespace else ())
        if other and "." in other.group and not other.group.endswith(".k8s.io")
    ]
    return any(other.name in wanted.values() for other in custom)
