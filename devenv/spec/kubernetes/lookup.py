"""Whether what an object refers to is there, and what is said where it is not."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.spec.kubernetes.finding import Finding, Json
from devenv.spec.kubernetes.inventory import Inventory
from devenv.spec.read.wording import did_you_mean
from devenv.spec.yaml.positions import KeyPath


def missing(path: KeyPath, kind: str, namespace: str, name: str, inventory: Inventory) -> Iterator[Finding]:
    if not name or inventory.has(kind, namespace, name):
        return
    if kind in {"IngressClass", "GatewayClass", "RuntimeClass"} and not inventory.any_of(kind):
        yield Finding("dead-reference", "warning", path, f"no stack brings a {kind}, so there is no {name}")
        return
    where = f" in namespace {namespace}" if namespace else ""
    hint = did_you_mean(name, inventory.names(kind, namespace))
    if not hint and (others := _elsewhere(kind, name, inventory)):
        hint = f"there is one in namespace {', '.join(others)}"
    yield Finding("dead-reference", "error", path, f"there is no {kind} {name}{where}", hint)


def _elsewhere(kind: str, name: str, inventory: Inventory) -> list[str]:
    return sorted(where for (of, where), names in inventory.found.items() if of == kind and where and name in names)


def text(value: Json, key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
