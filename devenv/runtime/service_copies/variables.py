"""The environment variables of a pod's containers: what they are, wherever they come from, and others in their place.

Pure. A variable of `env` goes over those of `envFrom`:
https://kubernetes.io/docs/concepts/configuration/configmap/#using-configmaps-as-environment-variables
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.surroundings import Source
from devenv.runtime.service_copies.pods import containers

Data = Mapping[Source, Mapping[str, str]]
"""What is in them, as far as it is text."""
_SOURCES = {"secretRef": "Secret", "configMapRef": "ConfigMap"}
_KEYS = {"secretKeyRef": "Secret", "configMapKeyRef": "ConfigMap"}


@dataclass(frozen=True, slots=True)
class Overrides:
    """Other values of variables; None takes a variable away."""

    everywhere: Mapping[str, str | None]
    """What a test asked for, in every container."""
    found: Mapping[str, Mapping[str, str]]
    """By container."""

    def of(self, container: str) -> dict[str, str | None]:
        """Those of one container: what was asked for goes over what was found."""
        return {**self.found.get(container, {}), **self.everywhere}


def sources(spec: Json) -> set[Source]:
    """The Secrets and ConfigMaps that variables come from."""
    return {source for container in containers(spec) for source in _sources(container)}


def read_variables(container: Json, data: Data) -> dict[str, str]:
    """The variables of a container, without those that Kubernetes makes from the pod itself."""
    found: dict[str, str] = {}
    for source, prefix in _whole(container):
        found |= {f"{prefix}{key}": value for key, value in data.get(source, {}).items()}
    for entry in container.get("env") or ():
        if "valueFrom" not in entry:
            found[entry["name"]] = entry.get("value", "")
            continue
        for kind, reference in entry["valueFrom"].items():
            value = data.get((_KEYS.get(kind, ""), reference.get("name", "")), {}).get(reference.get("key", ""))
            if value is not None:
                found[entry["name"]] = value
    return found


def override(spec: Json, overrides: Overrides, secret: str, data: Data) -> dict[str, str]:
    """Give the containers of a specification, which is changed, other values of variables.

    Returns:
        What has to be in the Secret of this name: values are in no pod's specification, which more people may read.
    """
    held: dict[str, str] = {}
    for container in containers(spec):
        changes = overrides.of(container["name"])
        entries = list(_inherited(container, changes, data))
        present = {entry["name"] for entry in container.get("env") or ()}
        # Before the others, which may refer to them: $(NAME).
        entries += [
            _held(container, name, value, secret, held)
            for name, value in changes.items()
            if value is not None and name not in present
        ]
        for entry in container.get("env") or ():
            name = entry["name"]
            value = changes.get(name)
            if name not in changes:
                entries.append(entry)
            elif value is not None:
                expanded = "$(" in entry.get("value", "") and name not in overrides.everywhere
                # Kubernetes puts in what $(NAME) stands for here, and in no Secret.
                entries.append({**entry, "value": value} if expanded else _held(container, name, value, secret, held))
        container["env"] = entries
    return held


def _held(container: Json, name: str, value: str, secret: str, held: dict[str, str]) -> Json:
    key = f"{container['name']}.{name}"
    held[key] = value
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _inherited(container: Json, changes: Mapping[str, str | None], data: Data) -> Iterator[Json]:
    """Takes apart those sources of `envFrom` of which a variable is taken away; their other ones, one by one."""
    removed = {name for name, value in changes.items() if value is None}
    kept = []
    for entry in container.get("envFrom") or ():
        ((kind, source),) = ((_SOURCES[key], entry[key]) for key in _SOURCES if key in entry)
        prefix, names = entry.get("prefix", ""), data.get((kind, source["name"]), {})
        if not any(f"{prefix}{key}" in removed for key in names):
            kept.append(entry)
            continue
        reference = next(key for key, value in _KEYS.items() if value == kind)
        for key in names:
            if f"{prefix}{key}" not in removed:
                yield {"name": f"{prefix}{key}", "valueFrom": {reference: {"name": source["name"], "key": key}}}
    if "envFrom" in container:
        container["envFrom"] = kept


def _whole(container: Json) -> Iterator[tuple[Source, str]]:
    for entry in container.get("envFrom") or ():
        for key, kind in _SOURCES.items():
            if key in entry:
                yield (kind, entry[key]["name"]), entry.get("prefix", "")


def _sources(container: Json) -> Iterator[Source]:
    yield from (source for source, _ in _whole(container))
    for entry in container.get("env") or ():
        for key, kind in _KEYS.items():
            if key in entry.get("valueFrom", {}):
                yield kind, entry["valueFrom"][key]["name"]
