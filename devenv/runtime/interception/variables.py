"""The environment variables of a container as a process has them, wherever they come from. Pure.

Those that its image sets (PATH, PYTHONPATH …) are about what is in the image, and none of it is on this machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from devenv.adapters.kubernetes.json_objects import Json
from devenv.runtime.service_copies.variables import Data
from devenv.spec.project import LOOPBACK

_WHOLE = {"secretRef": "Secret", "configMapRef": "ConfigMap"}
_KEYS = {"secretKeyRef": "Secret", "configMapKeyRef": "ConfigMap"}
_REFERENCE = re.compile(r"\$(?:\$|\((?P<name>[^()\s]+)\))")
"""https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/"""
_PASSWORD = re.compile(r"://[^/\s@:]*:[^/\s@]+@")
_OF_MAP = re.compile(r"metadata\.(?P<map>labels|annotations)\['(?P<key>[^']+)'\]")


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What a pod of a workload knows of itself, as far as it is the same on this machine."""

    name: str
    """The workload's: no pod is this process."""
    namespace: str
    template: Json

    def field(self, path: str) -> str | None:
        """The value of a `fieldRef`; None where this machine has no such thing."""
        if found := _OF_MAP.fullmatch(path):
            value = (self.template.get("metadata", {}).get(found["map"]) or {}).get(found["key"])
            return None if value is None else str(value)
        account = self.template["spec"].get("serviceAccountName", "default")
        known = {
            "metadata.name": self.name,
            "metadata.namespace": self.namespace,
            "spec.serviceAccountName": account,
            **dict.fromkeys(("status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs"), LOOPBACK),
        }
        return known.get(path)


@dataclass(frozen=True, slots=True)
class ContainerVariables:
    """All of a container's."""

    values: Mapping[str, str]
    secret: frozenset[str]
    """Names of those that come from a Secret, or have a password in them."""
    left_out: tuple[str, ...] = field(default=())
    """Names of those that only a pod can have."""


def container_variables(container: Json, data: Data, facts: PodFacts) -> ContainerVariables:
    """The variables that Kubernetes sets in a container.

    Args:
        container: of a pod's specification.
        data: the Secrets and ConfigMaps that they come from.
        facts: what the pod knows of itself.
    """
    values: dict[str, str] = {}
    secret: set[str] = set()
    left_out: list[str] = []
    for entry in container.get("envFrom") or ():
        for kind in _WHOLE.keys() & entry.keys():
            held = data.get((_WHOLE[kind], entry[kind]["name"]), {})
            found = {f"{entry.get('prefix', '')}{key}": value for key, value in held.items()}
            values |= found
            secret = (secret - found.keys()) | (found.keys() if kind == "secretRef" else set())
    for entry in container.get("env") or ():
        name, source = entry["name"], entry.get("valueFrom") or {}
        secret.discard(name)
        if not source:
            used = {found["name"] for found in _REFERENCE.finditer(entry.get("value") or "")}
            values[name] = _expanded(entry.get("value") or "", values)
            secret |= {name} if used & secret else set()
        elif (value := _sourced(source, data, facts)) is not None:
            values[name] = value
            secret |= {name} if "secretKeyRef" in source else set()
        elif "fieldRef" in source or "resourceFieldRef" in source:
            left_out.append(name)
    secret |= {name for name, value in values.items() if _PASSWORD.search(value)}
    return ContainerVariables(values, frozenset(secret), tuple(left_out))


def _expanded(text: str, values: Mapping[str, str]) -> str:
    """With the variables before it in it; `$$` is a dollar, and what is not known stays."""

    def value(found: re.Match[str]) -> str:
        return values.get(found["name"], found[0]) if found["name"] else "$"

    return _REFERENCE.sub(value, text)


def _sourced(source: Json, data: Data, facts: PodFacts) -> str | None:
    for kind in _KEYS.keys() & source.keys():
        return data.get((_KEYS[kind], source[kind]["name"]), {}).get(source[kind]["key"])
    return facts.field(source["fieldRef"]["fieldPath"]) if "fieldRef" in source else None
