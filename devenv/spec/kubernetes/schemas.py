"""Schemas of kinds: Kubernetes' own, of the versions that are kept here, and those that manifests define.

Responsible for having them; what they say of an object is told by `validation`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devenv.spec.kubernetes.finding import Json

LIVES = "lives.json"
KIND = "x-kubernetes-group-version-kind"
_HERE = Path(__file__).parent


def file_of(version: str) -> str:
    """The name of the file for a version, be it `v1.36.3` or `1.36`."""
    return f"{minor(version)}.json"


def minor(version: str) -> str:
    """`1.36` of `v1.36.3`."""
    return ".".join(version.removeprefix("v").split(".")[:2])


def kept_versions() -> tuple[str, ...]:
    """The versions of Kubernetes whose schemas are kept, oldest first."""
    found = [file.stem for file in _HERE.glob("*.json") if file.name != LIVES]
    return tuple(sorted(found, key=ordinal))


def ordinal(version: str) -> tuple[int, ...]:
    """What versions are ordered by."""
    return tuple(int(part) for part in minor(version).split("."))


@dataclass(frozen=True, slots=True)
class Schemas:
    """Schemas by `group/version Kind`."""

    kinds: Mapping[str, Json]
    definitions: Mapping[str, Json] = field(default_factory=dict)
    """What references in Kubernetes' own lead to."""

    def of(self, item: Json) -> Json | None:
        """The schema of an object; None where its kind is not known."""
        return self.kinds.get(f"{item.get('apiVersion')} {item.get('kind')}")

    def knows_group(self, item: Json) -> bool:
        """Whether other kinds of an object's group are known, so that one which is not known is none."""
        group = str(item.get("apiVersion")).rpartition("/")[0]
        return any(name.rpartition(" ")[0].rpartition("/")[0] == group for name in self.kinds)

    def resolve(self, schema: Json) -> Json:
        """The schema behind a reference."""
        while isinstance(reference := schema.get("$ref"), str):
            schema = self.definitions[reference.rpartition("/")[2]]
        return schema

    def with_definitions_of(self, objects: Iterable[Json]) -> Schemas:
        """The same with the kinds that CustomResourceDefinitions among the objects define."""
        kinds = dict(self.kinds)
        for item in objects:
            if item.get("kind") == "CustomResourceDefinition":
                kinds |= _defined(item.get("spec") or {})
        return Schemas(kinds, self.definitions)


def kubernetes_schemas(version: str) -> Schemas:
    """Kubernetes' own, of a version that is kept; raises KeyError for others."""
    if minor(version) not in kept_versions():
        raise KeyError(version)
    definitions = json.loads((_HERE / file_of(version)).read_bytes())["definitions"]
    kinds = {
        f"{'/'.join(filter(None, (made['group'], made['version'])))} {made['kind']}": definition
        for definition in definitions.values()
        for made in definition.get(KIND, ())
    }
    return Schemas(kinds, definitions)


def lives() -> Mapping[str, Mapping[str, str]]:
    """`group/version Kind` to the versions in which it was introduced, deprecated and removed, and what replaces it."""
    found: Mapping[str, Mapping[str, str]] = json.loads((_HERE / LIVES).read_bytes())["kinds"]
    return found


def _defined(spec: Json) -> dict[str, Json]:
    kind = (spec.get("names") or {}).get("kind")
    found = {}
    for version in spec.get("versions") or ():
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if isinstance(schema, Mapping) and version.get("served", True):
            found[f"{spec.get('group')}/{version.get('name')} {kind}"] = schema
    return found
