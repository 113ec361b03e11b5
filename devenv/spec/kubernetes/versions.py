"""Kinds of objects against versions of Kubernetes: which there are not yet, no longer, or not for much longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from devenv.spec.kubernetes.finding import Finding, Json
from devenv.spec.kubernetes.schemas import Schemas, minor, ordinal
from devenv.spec.read.wording import did_you_mean

Lives = Mapping[str, Mapping[str, str]]


def version_findings(item: Json, schemas: Schemas, versions: Sequence[str], known: Lives) -> Iterator[Finding]:
    """What becomes of an object's kind in these versions; `known` is what `lives` has."""
    name = f"{item.get('apiVersion')} {item.get('kind')}"
    life = known.get(name)
    if life is None:
        if schemas.of(item) is None and schemas.knows_group(item):
            hint = did_you_mean(str(item.get("kind")), sorted({kind.rpartition(" ")[2] for kind in schemas.kinds}))
            yield Finding("unknown-kind", "error", ("kind",), f"Kubernetes has no {name}", hint)
        return
    instead = f"write {life['replacement']} instead" if "replacement" in life else ""
    for version in versions:
        at = ordinal(version)
        if "removed" in life and at >= ordinal(life["removed"]):
            message = f"{name} is gone since Kubernetes {life['removed']}; {minor(version)} is wanted"
            yield Finding("removed-api", "error", ("apiVersion",), message, instead)
        elif "introduced" in life and at < ordinal(life["introduced"]):
            message = f"{name} comes with Kubernetes {life['introduced']}; {minor(version)} is wanted"
            yield Finding("removed-api", "error", ("apiVersion",), message)
        elif "deprecated" in life and at >= ordinal(life["deprecated"]):
            gone = f", and gone with {life['removed']}" if "removed" in life else ""
            message = f"{name} is deprecated since Kubernetes {life['deprecated']}{gone}"
            yield Finding("deprecated-api", "warning", ("apiVersion",), message, instead)
