"""What is wrong with all that a profile comes to. Pure: what is judged has been rendered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from devenv.plan.names import CA_SECRET, SEEDS_SECRET, TLS_SECRET
from devenv.runtime.examination.sources import RenderedSource
from devenv.spec.kubernetes.finding import Finding, Rendered
from devenv.spec.kubernetes.inventory import Inventory
from devenv.spec.kubernetes.policies import Surroundings, ignored_rules, policy_findings
from devenv.spec.kubernetes.references import reference_findings
from devenv.spec.kubernetes.schemas import Schemas
from devenv.spec.kubernetes.selectors import selector_findings
from devenv.spec.kubernetes.validation import schema_findings
from devenv.spec.kubernetes.versions import Lives, version_findings

_DEFINITION = "CustomResourceDefinition"


@dataclass(frozen=True, slots=True)
class Standards:
    """What objects are held to, in any profile."""

    schemas: Schemas
    """Kubernetes' own."""
    versions: tuple[str, ...]
    """Of Kubernetes, which the kinds are wanted in."""
    lives: Lives


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, with what it was found in."""

    source: RenderedSource
    rendered: Rendered
    template: str
    finding: Finding


def judge(sources: Sequence[RenderedSource], standards: Standards) -> Iterator[Judged]:
    """What is wrong with the objects of a profile."""
    known = [(source, each, template) for source in sources for each, template in source.objects]
    objects = [each for _, each, _ in known]
    inventory = Inventory.of(objects, [made for source in sources for made in _made_by_devenv(source)])
    schemas = standards.schemas.with_definitions_of(each.item for each in objects)
    twice = _twice(known)
    for source, each, template in known:
        if source.step.module and each.kind == _DEFINITION:
            continue  # a pinned module's are what they are, and megabytes
        ignored = ignored_rules(each.item)
        found = [
            *schema_findings(each.item, schemas),
            *version_findings(each.item, schemas, standards.versions, standards.lives),
            *policy_findings(each, Surroundings.of(each, inventory)),
            *reference_findings(each, inventory),
            *selector_findings(each, inventory),
            *twice.get(id(each), ()),
        ]
        yield from (Judged(source, each, template, finding) for finding in found if finding.rule not in ignored)


def unknown_kinds(sources: Sequence[RenderedSource], schemas: Schemas) -> set[str]:
    """The kinds that no schema is known of, since no stack brings their definitions."""
    objects = [each.item for source in sources for each, _ in source.objects]
    known = schemas.with_definitions_of(objects)
    return {
        f"{item.get('apiVersion')} {item.get('kind')}"
        for item in objects
        if known.of(item) is None and not known.knows_group(item)
    }


def _made_by_devenv(source: RenderedSource) -> Iterator[tuple[str, str, str]]:
    """What devenv itself puts into a stack's namespace."""
    spec = source.stack.spec
    if spec.tls:
        yield "Secret", spec.namespace, TLS_SECRET
    if spec.ca:
        yield "Secret", spec.namespace, CA_SECRET
    if spec.seeds:
        yield "Secret", spec.namespace, SEEDS_SECRET
    if spec.licence:
        yield "Secret", spec.namespace, spec.licence.secret
    for folder in getattr(source.step, "config_maps", ()):
        yield from (("ConfigMap", spec.namespace, name) for name in folder.names)


def _twice(known: Sequence[tuple[RenderedSource, Rendered, str]]) -> dict[int, list[Finding]]:
    """Objects that are there twice: the later one goes over the earlier."""
    places: defaultdict[tuple[str, str, str, str], list[Rendered]] = defaultdict(list)
    for _, each, _ in known:
        if each.name and each.kind != _DEFINITION:
            places[each.group, each.kind, each.namespace, each.name].append(each)
    return {
        id(each): [Finding("defined-twice", "error", ("metadata", "name"), _said_twice(each, others[0]))]
        for others in places.values()
        for each in others[1:]
    }


def _said_twice(each: Rendered, other: Rendered) -> str:
    return (
        f"{each.kind} {each.name} is in stack {other.stack} too"
        if other.stack != each.stack
        else (f"{each.kind} {each.name} is defined twice in this stack")
    )
