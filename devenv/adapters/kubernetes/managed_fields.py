"""Who set which field of an object, as the API server keeps account of it for server-side apply. Pure.

The account is `metadata.managedFields`:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from devenv.adapters.kubernetes.json_objects import Json

FIELD_MANAGER = "devenv"
"""The name in which devenv applies what is no chart's."""
HELM_MANAGER = "helm"
"""The name in which every Helm 4 applies, whatever its program is called (`cmd/helm/helm.go`)."""
_MARK_DIGITS = 10
_SELF = "."
"""Stands for a field itself, beside what is in it."""


def applied_by(item: Json, manager: str) -> Json | None:
    """An object as a manager applied it last, with the values that it has now; None when the manager applied none.

    To apply just that again changes nothing; with one field changed, it changes that field, and the manager stays the
    only one who has a say in it. Whoever applies less gives up the rest.
    """
    entry = _entry(item, manager)
    if entry is None or entry["apiVersion"] != item["apiVersion"]:
        return None
    owned: Json = _part(item, entry["fieldsV1"])
    metadata = {key: item["metadata"][key] for key in ("name", "namespace") if key in item["metadata"]}
    return {
        **owned,
        "apiVersion": item["apiVersion"],
        "kind": item["kind"],
        "metadata": {**owned.get("metadata", {}), **metadata},
    }


def mark(item: Json) -> str:
    """Stands for what Helm, or else devenv, has applied of an object: another one after anybody changed part of it.

    Whoever sets a field takes it from the one who had applied it, and whoever applies other values sets the time anew.
    The object's metadata is enough.
    """
    entry = _entry(item, HELM_MANAGER) or _entry(item, FIELD_MANAGER)
    if entry is None:
        return ""
    text = json.dumps([entry["fieldsV1"], entry.get("time")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_MARK_DIGITS]


def _entry(item: Json, manager: str) -> Json | None:
    entries: list[Json] = item["metadata"].get("managedFields") or []
    mine = [e for e in entries if (e["manager"], e["operation"]) == (manager, "Apply") and not e.get("subresource")]
    return mine[0] if mine else None


def _part(value: Any, fields: Mapping[str, Any]) -> Any:
    """What `fields` names of a value: all of it when they name nothing inside."""
    inside = {place: below for place, below in fields.items() if place != _SELF}
    if not inside:
        # With the dot alone the manager owns that there is a map or a list, and nothing in it.
        return type(value)() if _SELF in fields else value
    if isinstance(value, list):
        parts = (_of_list(place, item, inside) for place, item in enumerate(value))
        return [part for part in parts if part is not None]
    if isinstance(value, dict):
        return {name: _part(value[name], below) for place, below in inside.items() if (name := place[2:]) in value}
    return value


def _of_list(place: int, item: Any, fields: Mapping[str, Any]) -> Any:
    """What `fields` names of an item, by the fields that tell it apart (`k:`), its value (`v:`) or its place (`i:`)."""
    for key, below in fields.items():
        wanted = json.loads(key[2:])
        by_fields = key.startswith("k:") and isinstance(item, dict) and wanted.items() <= item.items()
        if by_fields or (key.startswith("v:") and item == wanted) or (key.startswith("i:") and place == wanted):
            return _part(item, below)
    return None
