"""The pods that objects make: where their specification lies, and their containers."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.spec.kubernetes.finding import Json, entries, mapping
from devenv.spec.yaml.positions import KeyPath

_TEMPLATES: dict[str, KeyPath] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"), ("spec", "template")
    ),
}
SERVING = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose pods are meant to go on."""


def template_path(item: Json) -> KeyPath | None:
    """Where the pod lies in an object that makes some, as metadata and spec; None where it makes none."""
    path = _TEMPLATES.get(str(item.get("kind")))
    return path if path is not None and mapping(item, *map(str, path)) else None


def pod_of(item: Json) -> tuple[KeyPath, Json] | None:
    """The specification of an object's pods, with its place."""
    path = template_path(item)
    if path is None:
        return None
    spec = mapping(item, *map(str, path), "spec")
    return ((*path, "spec"), spec) if spec else None


def containers(spec: Json, *, initial: bool = True) -> Iterator[tuple[KeyPath, Json]]:
    """The containers of a pod's specification, with their places in it."""
    if initial:
        yield from entries(spec, "initContainers")
    yield from entries(spec, "containers")
