"""What a service of Compose is given at least and at most: Compose limits nothing by itself, here is always a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devenv.spec.imports.compose.draft import ServiceDraft, text_of
from devenv.spec.imports.compose.parts.amounts import mebibytes, processors
from devenv.spec.yaml.positions import KeyPath

USUAL_MEMORY = 2048
"""MiB that a service may take where the file says nothing."""
USUAL_PROCESSORS = "2"
_LEAST_MEMORY, _LEAST_PROCESSORS = 32, "10m"


def put_resources(draft: ServiceDraft) -> None:
    """Say what a service is given."""

    def amount(kind: str, theirs: str, plain: str, read: Callable[[str], Any]) -> Any:
        path: KeyPath = ("deploy", "resources", kind, theirs)
        if draft.find(*path) is None and plain:
            path = (plain,)
        node = draft.find(*path)
        if node is None:
            return None
        found = read(text_of(node))
        if found is None and text_of(node) not in ("0", "0.0"):
            draft.problem(path, f"an amount such as 512M or 0.5 is expected, found {text_of(node)}")
        return found

    memory = amount("limits", "memory", "mem_limit", mebibytes)
    least = amount("reservations", "memory", "mem_reservation", mebibytes)
    cpus, least_cpus = amount("limits", "cpus", "cpus", processors), amount("reservations", "cpus", "", processors)
    limits = {"memory": f"{memory or max(USUAL_MEMORY, least or 0)}Mi", "cpu": cpus or least_cpus or USUAL_PROCESSORS}
    requests = {"memory": f"{min(least or _LEAST_MEMORY, memory or least or _LEAST_MEMORY)}Mi"}
    requests["cpu"] = least_cpus or _LEAST_PROCESSORS
    draft.put("resources", {"requests": requests, "limits": limits}, draft.find("deploy", "resources") or draft.node)
    for kind in ("limits", "reservations"):
        for key in ("pids", "devices", "generic_resources"):
            if draft.find("deploy", "resources", kind, key):
                draft.note(("deploy", "resources", kind, key), f"{key} are not carried over", "it has none")
