"""What the services of a Compose file know of each other: names, volumes, images, and who waits for whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from devenv.spec.imports.compose.draft import ServiceDraft, text_of
from devenv.spec.imports.compose.parts.environment import variables_of
from devenv.spec.imports.compose.parts.mounts import Mounts, Owner, mounts_of
from devenv.spec.imports.compose.parts.names import is_label, is_mentioned, service_name
from devenv.spec.imports.import_spec import Import
from devenv.spec.read.seed_files import StackSecret
from devenv.spec.yaml.positions import Node

_COMPLETED = "service_completed_successfully"


@dataclass(slots=True)
class Surroundings:
    """What is known of the services of a file together."""

    names: Mapping[str, str]
    """Name in the file to the name here, of those that come."""
    renamed: Mapping[str, str]
    """Names that texts have for hosts, to those that these have here."""
    aliases: Mapping[str, tuple[str, ...]]
    """Service to its further names."""
    texts: Mapping[str, tuple[str, ...]]
    """Service to what of it may speak of others."""
    jobs: frozenset[str]
    """Services that others wait for until they have ended."""
    builds: Mapping[str, str]
    """Image's name to the service that builds it."""
    owners: Mapping[str, Owner]
    """Volume that several services have to the one that keeps it."""
    variables: Mapping[str, Mapping[str, Node]]
    """Service to its variables."""
    extensions: Mapping[str, Node]
    """Service to what the file says to devenv alone."""
    others: frozenset[str]
    """Names of what devenv.yaml itself has."""
    left_out: frozenset[str]
    namespace: str
    secrets: list[StackSecret] = field(default_factory=list)
    """Takes what LocalStack is seeded with."""


def surroundings_of(
    drafts: Mapping[str, ServiceDraft],
    databases: Collection[str],
    extensions: Mapping[str, Node],
    others: frozenset[str],
    one: Import,
) -> Surroundings:
    """What the services of a file know of each other.

    Args:
        drafts: those that come, by name.
        databases: those among them in whose place devenv's own are.
        extensions: what the file says of each to devenv alone.
        others: names of what devenv.yaml itself has.
        one: the import.
    """
    names = {name: service_name(name) for name in drafts}
    variables = {name: variables_of(draft) for name, draft in drafts.items()}
    texts = {name: texts_of(draft, variables[name]) for name, draft in drafts.items()}
    jobs = {
        other
        for draft in drafts.values()
        for other, node in draft.entries("depends_on").items()
        if (condition := node.child("condition")) and condition.value == _COMPLETED
    }
    aliases, renamed = _further_names(drafts, names, [text for each in texts.values() for text in each])
    builds: dict[str, str] = {}
    for name, draft in drafts.items():
        if draft.find("build") and (image := draft.text("image")):
            builds.setdefault(image, name)
    return Surroundings(
        names=names,
        renamed=renamed,
        aliases=aliases,
        texts=texts,
        jobs=frozenset(jobs),
        builds=builds,
        owners=_owners({name: draft for name, draft in drafts.items() if name not in databases}, names),
        variables=variables,
        extensions=extensions,
        others=others,
        left_out=frozenset(one.without),
        namespace=one.namespace,
    )


def texts_of(draft: ServiceDraft, variables: Mapping[str, Node]) -> tuple[str, ...]:
    """What of a service may speak of others: variables, commands, mounted files."""
    found = [text_of(node) for node in variables.values()]
    found += [text_of(node) for key in ("command", "entrypoint") for node in draft.items(key)]
    found += [text_of(node) for node in draft.items("healthcheck", "test")]
    silent = ServiceDraft(draft.name, draft.document, draft.files.silent())
    for node in Mounts.of(silent, {}).files.values():
        path = draft.files.boundary.root / str(node.value)
        files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
        found += [file.read_text(encoding="utf-8", errors="replace") for file in files]
    return tuple(found)


def _further_names(
    drafts: Mapping[str, ServiceDraft], names: Mapping[str, str], texts: list[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Names beside its own that each service is reached by, and those that no Service can have."""
    aliases: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    renamed = {name: here for name, here in names.items() if name != here}
    for name, draft in drafts.items():
        said = [
            text_of(node)
            for network in draft.entries("networks")
            for node in draft.items("networks", network, "aliases")
        ]
        said += [
            text for key in ("container_name", "hostname") if (text := draft.text(key)) and is_mentioned(text, texts)
        ]
        said += [
            text_of(node).partition(":")[2]
            for other in drafts.values()
            for node in other.items("links")
            if text_of(node).startswith(f"{name}:")
        ]
        further = [alias for alias in dict.fromkeys(said) if alias not in {*names, *names.values()}]
        for alias in (alias for alias in further if alias in taken):
            draft.note((), f"{alias} is another service's name too", "it leads to that one alone")
        further = [alias for alias in further if alias not in taken]
        taken.update(further)
        aliases[name] = tuple(alias for alias in further if is_label(alias))
        renamed |= {alias: names[name] for alias in further if not is_label(alias)}
    return {name: each for name, each in aliases.items() if each}, renamed


def _owners(drafts: Mapping[str, ServiceDraft], names: Mapping[str, str]) -> dict[str, Owner]:
    """The volumes that several services have, each kept by one that waits for none of the others, if there is one."""
    users: dict[str, dict[str, str]] = {}
    for name, draft in drafts.items():
        for mount in mounts_of(draft):
            if mount.kind == "volume" and mount.source:
                users.setdefault(mount.source, {}).setdefault(name, mount.target.rstrip("/"))
    made = {}
    for volume, targets in users.items():
        if len(targets) > 1:
            first = next(iter(targets))
            owner = next(
                (name for name in targets if not set(drafts[name].entries("depends_on")) & set(targets)), first
            )
            made[volume] = Owner(owner, names[owner], targets[owner])
    return made
