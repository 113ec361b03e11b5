"""Checks of what is written under `services` in devenv.yaml, as far as it is not what any stack may get wrong.

Responsible for names, references, ports, jobs and files; every function is pure and returns its problems.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from devenv.errors import Problem
from devenv.spec.checks.project_databases import image_problems
from devenv.spec.database_engines import ADDRESSES
from devenv.spec.project import ProjectSpec
from devenv.spec.read.drafts import StackDraft
from devenv.spec.read.places import PathProblem
from devenv.spec.read.wording import name_hint
from devenv.spec.seeds import Seeds
from devenv.spec.services.reference import Reference
from devenv.spec.services.resolution import port_of, ports_of
from devenv.spec.services.service import ServicePort, ServiceSpec, SharedVolume
from devenv.spec.services.translation import NAMESPACE, Origin, carried_files, jobs_of
from devenv.spec.services.values import hosts
from devenv.spec.stack import StackSpec
from devenv.spec.yaml.positions import Document, KeyPath

_SEEDED = {"queue": "queues", "topic": "topics", "bucket": "buckets", "table": "tables"}


@dataclass(frozen=True, slots=True)
class _Known:
    """What services may name."""

    services: Mapping[str, ServiceSpec]
    stacks: Mapping[str, StackSpec]
    own: AbstractSet[str]
    """Stacks of the project, apart from those that databases come to."""
    seeds: Seeds
    unread: AbstractSet[str]
    """Services and databases that are there, and of which nothing can be said: what is wrong with them is told."""

    @property
    def databases(self) -> dict[str, StackSpec]:
        return {name: spec for name, spec in self.stacks.items() if spec.database}

    def ports(self, name: str) -> Mapping[str, ServicePort] | None:
        """Those of a service, or of a stack that was one."""
        if name in self.services:
            return self.services[name].all_ports
        return ports_of(self.stacks[name]) if name in self.own else None

    def seeded(self, section: str) -> dict[str, object]:
        return {seed.name: seed for seed in getattr(self.seeds, section)}


def name_problems(made: Iterable[StackDraft], there: Mapping[str, StackDraft], document: Document) -> Iterator[Problem]:
    """Services and databases that are called like a stack that there is."""
    for draft in made:
        other = there.get(draft.name)
        if other is None or draft.document is None:
            continue
        kind = "database" if draft.spec and draft.spec.database else "service"
        hint = f"choose another one, such as {draft.name}-{kind}"
        if draft.document.file_of(()) != document.file:
            hint = f"leave it out, and use that: imports: {{without: [{draft.name}]}}"
        if other.folder.builtin:
            yield draft.document.problem((), f"{draft.name} is the name of a stack that comes with devenv", hint)
        elif isinstance(other.document, type(draft.document)):
            yield draft.document.problem((), f"a database is called {draft.name} too", hint)
        else:
            where = other.folder.root.relative_to(document.file.parent)
            message = f"{draft.name} is the name of the stack in {where}"
            yield draft.document.problem((), message, "choose another one, or take it out here")


def service_problems(
    project: ProjectSpec,
    origin: Origin,
    drafts: Mapping[str, StackDraft],
    seeds: Seeds,
    unread: AbstractSet[str] = frozenset(),
) -> Iterator[Problem]:
    """References to what is not there, ports and hosts that are one, jobs that cannot be ones, files that cannot be."""
    stacks = {name: draft.spec for name, draft in drafts.items() if draft.spec}
    own = {name for name, draft in drafts.items() if not draft.folder.builtin} - {*project.databases}
    known = _Known(project.services, stacks, own, seeds, unread)
    jobs = jobs_of(project.services)
    for name, service in project.services.items():
        at: KeyPath = ("services", name)
        yield from _reference_problems(service, at, origin.document, known)
        yield from _port_problems(name, service, at, origin.document)
        yield from _host_problems(name, service, at, origin.document)
        yield from _health_problems(service, at, origin.document)
        yield from _before_problems(name, service, at, origin.document, known)
        for place, container in service.containers:
            yield from image_problems(container, (*at, *place), origin.document)
        yield from _user_problems(service, at, origin.document)
        if service.restarts and not service.command and name not in jobs and not service.schedule:
            message = "a sync starts its command anew, and it has none of its own"
            hint = "add command: with what the image's ENTRYPOINT and CMD say"
            yield origin.document.problem(at, message, hint)
        yield from _file_problems(service, at, origin)
        yield from _volume_problems(name, service, at, origin.document, known)
        yield from _alias_problems(name, service, at, origin.document, known)
        if name in jobs:
            yield from _job_problems(name, service, jobs[name], origin.document, known)


def _reference_problems(service: ServiceSpec, at: KeyPath, document: Document, known: _Known) -> Iterator[Problem]:
    written = [((*at, *place, "env", key), v) for place, one in service.containers for key, v in one.env.items()]
    for profile, over in service.profiles.items():
        written += [((*at, "profiles", profile, "env", key), value) for key, value in over.env.items()]
    sources = [((*at, "files", path), source) for path, source in service.files.items()]
    for path, value in [*written, *sources]:
        if isinstance(value, Reference):
            yield from _unknown(value, path, document, known)


def _unknown(reference: Reference, path: KeyPath, document: Document, known: _Known) -> Iterator[Problem]:
    """What a reference names and is not there."""
    kind, name = reference.kind, reference.name
    at = (*path, kind)
    if kind in ("database", "service") and name in known.unread:
        return
    if kind == "database":
        yield from _of_database(reference, at, document, known)
    elif kind == "service":
        yield from _of_service(reference, path, document, known)
    elif kind == "secret":
        yield from _of_secret(reference, path, document, known)
    elif kind in _SEEDED:
        names = known.seeded(_SEEDED[kind])
        if name not in names:
            hint = name_hint(name, names, f"seeded {_SEEDED[kind]}")
            yield document.problem(at, f"there is no {kind} {name} in the seeds", hint)


def _of_database(reference: Reference, at: KeyPath, document: Document, known: _Known) -> Iterator[Problem]:
    name = reference.name
    spec = known.databases.get(name)
    if spec is None or spec.database is None:
        yield document.problem(at, f"there is no database {name}", name_hint(name, known.databases, "databases"))
    elif reference.key == "jdbc" and not ADDRESSES[spec.database.engine].jdbc:
        yield document.problem(at, f"{spec.database.engine} has no JDBC URL", "leave out key: jdbc")


def _of_service(reference: Reference, path: KeyPath, document: Document, known: _Known) -> Iterator[Problem]:
    name = reference.name
    ports = known.ports(name)
    if ports is None:
        hint = name_hint(name, known.services, "services")
        yield document.problem((*path, "service"), f"there is no service {name}", hint)
    elif port_of(reference, ports) is None:
        if reference.port:
            hint = name_hint(reference.port, ports, "ports")
            yield document.problem((*path, "port"), f"{name} has no port {reference.port}", hint)
        else:
            message = f"{name} has no port, so nobody can reach it"
            yield document.problem((*path, "service"), message, f"give it one: services.{name}.port")


def _of_secret(reference: Reference, path: KeyPath, document: Document, known: _Known) -> Iterator[Problem]:
    name = reference.name
    secrets = {secret.name: secret.value for secret in known.seeds.secrets}
    if name not in secrets:
        hint = name_hint(name, secrets, "seeded secrets")
        yield document.problem((*path, "secret"), f"there is no secret {name} in the seeds", hint)
        return
    value = secrets[name]
    if isinstance(value, dict) and reference.key is None:
        keys = ", ".join(value)
        yield document.problem((*path, "secret"), f"the secret {name} has several texts", f"add key: {keys}")
    elif isinstance(value, dict) and reference.key not in value:
        hint = name_hint(str(reference.key), value, "its keys")
        yield document.problem((*path, "key"), f"the secret {name} has no {reference.key}", hint)
    elif not isinstance(value, dict) and reference.key is not None:
        yield document.problem((*path, "key"), f"the secret {name} is one text, without keys", "leave out key")


def _port_problems(name: str, service: ServiceSpec, at: KeyPath, document: Document) -> Iterator[Problem]:
    if service.port is not None and service.ports:
        yield document.problem((*at, "ports"), "port and ports do not go together", "name all of them under ports")
    for key in ("port", "ports", "health") if service.schedule else ():
        if getattr(service, key):
            message = f"{name} runs at certain times, so it has no {key}"
            yield document.problem((*at, key), message, "take it away, or schedule")
    numbers: dict[int, str] = {}
    for key, port in service.ports.items():
        first = numbers.setdefault(port.port, key)
        if first != key:
            path = (*at, "ports", key)
            yield document.problem(path, f"the port {port.port} is there already, as {first}", "keep one of the two")


def _host_problems(name: str, service: ServiceSpec, at: KeyPath, document: Document) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for key, host in hosts(name, service).items():
        first = taken.setdefault(host, key)
        if first != key:
            message = f"the host {host} leads to the port {first} already"
            yield document.problem((*at, "ports", key, "host"), message, "choose another host")
    if service.host and not service.all_ports:
        yield document.problem((*at, "host"), "a host leads to a port, and there is none", "add port: 8080")


def _health_problems(service: ServiceSpec, at: KeyPath, document: Document) -> Iterator[Problem]:
    health = service.health
    if not health or health.exec:
        return
    if not service.all_ports:
        message = "health asks a port, and there is none"
        yield document.problem((*at, "health"), message, "add port: 8080, or health: {exec: [COMMAND]}")
    elif health.port and health.port not in service.all_ports:
        hint = name_hint(health.port, service.all_ports, "ports")
        yield document.problem((*at, "health", "port"), f"there is no port {health.port}", hint)


def _before_problems(
    name: str, service: ServiceSpec, at: KeyPath, document: Document, known: _Known
) -> Iterator[Problem]:
    for index, job in enumerate(service.before):
        if job not in {*known.services, *known.own, *known.unread}:
            hint = name_hint(job, [other for other in known.services if other != name], "services")
            yield document.problem((*at, "before", index), f"there is no service {job}", hint)


def _job_problems(
    name: str, job: ServiceSpec, others: tuple[str, ...], document: Document, known: _Known
) -> Iterator[Problem]:
    """What makes no sense for what runs once, and variables of which it cannot be told what they are."""
    at: KeyPath = ("services", name)
    given = {"port": job.port, "ports": job.ports, "health": job.health, "schedule": job.schedule, "host": job.host}
    for key in (key for key, value in given.items() if value):
        message = f"{name} runs once before {others[0]}, so it has no {key}"
        yield document.problem((*at, key), message, f"take it away, or {name} out of before")
    if job.replicas != 1:
        yield document.problem((*at, "replicas"), f"{name} runs once before {others[0]}", "take it away")
    seen: dict[str, str] = {}
    for other in others:
        for key, value in known.services[other].env.items() if job.inherit_env else ():
            first = seen.setdefault(key, other)
            if known.services[first].env[key] != value and key not in job.env:
                message = f"{name} runs before {first} and {other}, which have different values of {key}"
                yield document.problem((*at, "env"), message, f"give it its own: env: {{{key}: …}}")


def _user_problems(service: ServiceSpec, at: KeyPath, document: Document) -> Iterator[Problem]:
    """The namespace of services takes no pod of root's."""
    if (service.namespace or NAMESPACE) != NAMESPACE:
        return
    if service.pod_security == "baseline":
        message = "its namespace takes nothing but what the restricted Pod Security Standard does"
        yield document.problem((*at, "pod_security"), message, "give it a namespace of its own: namespace: NAME")
        return
    for place, container in service.containers:
        if container.user == 0:
            message = "its namespace takes nothing that runs as root"
            hint = "name a user in the image, user: 1000, or give it a namespace of its own: namespace: NAME"
            yield document.problem((*at, *place, "user"), message, hint)


def _file_problems(service: ServiceSpec, at: KeyPath, origin: Origin) -> Iterator[Problem]:
    document, base = origin.document, origin.document.file.parent
    yield from _path_problems({*service.files}, {*service.volumes}, at, document)
    for inside, source in service.files.items():
        path = (*at, "files", inside)
        found = origin.boundary.look(base, source, "file or folder") if isinstance(source, str) else None
        if isinstance(found, PathProblem):
            yield document.problem(path, found.message, found.hint)
        elif found and not carried_files(service.model_copy(update={"files": {inside: source}}), origin):
            yield document.problem(path, f"{source} holds no file")


def _volume_problems(
    name: str, service: ServiceSpec, at: KeyPath, document: Document, known: _Known
) -> Iterator[Problem]:
    """Volumes of others that these do not keep, or that are out of reach."""
    for path, source in service.volumes.items():
        if not isinstance(source, SharedVolume) or source.of in known.unread:
            continue
        place, other = (*at, "volumes", path), known.services.get(source.of)
        if other is None:
            hint = name_hint(source.of, [each for each in known.services if each != name], "services")
            yield document.problem((*place, "of"), f"there is no service {source.of}", hint)
        elif other.volumes.get(source.path) in (None, "empty") or isinstance(other.volumes[source.path], SharedVolume):
            message = f"{source.of} keeps no volume at {source.path}"
            yield document.problem((*place, "path"), message, f"give it one: services.{source.of}.volumes")
        elif (other.namespace or NAMESPACE) != (service.namespace or NAMESPACE):
            yield document.problem((*place, "of"), f"{source.of} is in another namespace", "give both the same")


def _alias_problems(
    name: str, service: ServiceSpec, at: KeyPath, document: Document, known: _Known
) -> Iterator[Problem]:
    """Further names that are somebody's already, in the same namespace."""
    near = {
        each: other
        for each, other in known.services.items()
        if (other.namespace or NAMESPACE) == (service.namespace or NAMESPACE)
    }
    for index, alias in enumerate(service.aliases):
        earlier = service.aliases[:index]
        taken = [each for each, other in near.items() if alias == each or (each < name and alias in other.aliases)]
        if taken or alias in earlier:
            whose = taken[0] if taken else name
            yield document.problem((*at, "aliases", index), f"{whose} is called {alias} already", "take it out")


def _path_problems(
    files: AbstractSet[str], volumes: AbstractSet[str], at: KeyPath, document: Document
) -> Iterator[Problem]:
    for path in sorted(files & volumes):
        yield document.problem((*at, "files", path), f"a volume is at {path} too", "choose another path")
