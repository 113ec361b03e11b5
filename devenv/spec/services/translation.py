"""Services of devenv.yaml as stacks: each becomes what a `stack.yaml` would give, with the chart `service`.

Responsible for what a service comes to, and for the way from each part of it back to where it was written. What is
wrong with a service is told by `devenv.spec.checks.services`, and what is wrong with any stack by the other checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devenv.spec.model import Values
from devenv.spec.project import ProjectSpec
from devenv.spec.read.discover import StackFolder
from devenv.spec.read.drafts import StackDraft
from devenv.spec.read.places import Boundary, PathProblem, is_executable, visible_files
from devenv.spec.render import difference
from devenv.spec.services.images import ImageNames, image_of
from devenv.spec.services.reference import Reference
from devenv.spec.services.resolution import SECRET_STORE, Surroundings, resolve
from devenv.spec.services.service import DEFAULT_LAYER, Container, ServiceSpec, SharedVolume
from devenv.spec.services.values import CarriedFile, Workload, hosts, service_values
from devenv.spec.stack import StackSpec
from devenv.spec.yaml.derived import DerivedDocument
from devenv.spec.yaml.positions import Document, KeyPath

CHART = "service"
NAMESPACE = "{namespace_prefix}-apps"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where services are written."""

    document: Document
    boundary: Boundary
    """The project's folder, which their paths are relative to."""


def jobs_of(services: Mapping[str, ServiceSpec]) -> dict[str, tuple[str, ...]]:
    """The services that run once before others, each with those."""
    found: dict[str, list[str]] = {}
    for name, service in services.items():
        for job in service.before:
            found.setdefault(job, []).append(name)
    return {name: tuple(others) for name, others in found.items() if name in services}


def with_inherited_env(services: Mapping[str, ServiceSpec]) -> dict[str, ServiceSpec]:
    """The services, where jobs have the variables of those that they run before under their own.

    Of other services they get no addresses: those are not there yet.
    """
    jobs = jobs_of(services)
    made = dict(services)
    for name, others in jobs.items():
        if not services[name].inherit_env:
            continue
        inherited = {key: value for other in reversed(others) for key, value in services[other].env.items()}
        kept = {
            key: value
            for key, value in inherited.items()
            if not (isinstance(value, Reference) and value.service is not None)
        }
        made[name] = services[name].model_copy(update={"env": {**kept, **services[name].env}})
    return made


def translate_services(
    project: ProjectSpec, origin: Origin, stacks: Mapping[str, StackSpec], images: ImageNames
) -> list[StackDraft]:
    """A stack for each service of a project, under its name.

    Args:
        project: whose services.
        origin: where they are written.
        stacks: all others, those of databases among them.
        images: of the project and the catalogue.
    """
    services = with_inherited_env(project.services)
    given = _Given(project, origin, Surroundings(project.prefix, services, stacks), images)
    return [_Translation(name, service, given).draft() for name, service in services.items()]


@dataclass(frozen=True, slots=True)
class _Given:
    """What all services of a project have in common."""

    project: ProjectSpec
    origin: Origin
    around: Surroundings
    images: ImageNames


class _Translation:
    """One service on its way."""

    def __init__(self, name: str, service: ServiceSpec, given: _Given) -> None:
        self._name, self._service = name, service
        self._project, self._origin, self._around = given.project, given.origin, given.around
        self._image_names = given.images
        self._at: KeyPath = ("services", name)
        self._places: dict[KeyPath, KeyPath] = {}

    def draft(self) -> StackDraft:
        name, service = self._name, self._service
        values, files = self._values(service)
        layer = service.layer or DEFAULT_LAYER
        data: dict[str, Any] = {
            "name": name,
            "layer": layer,
            "summary": self._summary(),
            "namespace": service.namespace or NAMESPACE,
            "version": "1",
            "needs": self._needs(),
            "deadline": f"{int(service.deadline.total_seconds())}s",
            "sources": [{"chart": {"builtin": CHART}}],
            "images": self._images(),
            "values": values,
            "files": files,
            "endpoints": self._endpoints(),
        }
        self._places |= {("files", place): (*self._at, "files") for place in files}
        if values.get("secrets"):
            data["ready"] = [{"condition": {"kind": "externalsecret", "name": name}}]
        self._places |= {(key,): (*self._at, key) for key in ("layer", "namespace", "deadline")}
        spec = StackSpec.model_validate({key: value for key, value in data.items() if value})
        folder = StackFolder(self._origin.boundary.root, self._origin.boundary, builtin=False, name=name, layer=layer)
        document = DerivedDocument(self._origin.document.file, self._origin.document.root, self._at, self._places)
        return StackDraft(folder, spec.in_project(self._project.prefix), document, self._profile_values(values), (), ())

    def _workload(self) -> Workload:
        if self._name in jobs_of(self._project.services):
            return "Job"
        return "CronJob" if self._service.schedule else "Deployment"

    def _values(self, service: ServiceSpec) -> tuple[Values, dict[str, str]]:
        carried = carried_files(service, self._origin)
        return service_values(self._name, service, self._workload(), carried, self._around)

    def _profile_values(self, values: Values) -> dict[str, Values]:
        """What each profile changes; the Secret keeps what a profile has no use for, as the service needs it anyway."""
        found = {profile: self._values(self._in_profile(profile))[0] for profile in self._project.known_profiles}
        if kept := values.get("secrets"):
            found = {profile: {**own, "secrets": {**kept, **own.get("secrets", {})}} for profile, own in found.items()}
        return {profile: changed for profile, own in found.items() if (changed := difference(values, own))}

    def _in_profile(self, profile: str) -> ServiceSpec:
        base = self._project.profiles.get(profile)
        return (self._service.in_profile(base) if base else self._service).in_profile(profile)

    def _summary(self) -> str:
        service, jobs = self._service, jobs_of(self._project.services)
        what = f"built from {service.build.context}" if service.build else f"image {service.image}"
        if self._name in jobs:
            return f"Job before {', '.join(jobs[self._name])}, {what}"
        return f"Service at {service.schedule}, {what}" if service.schedule else f"Service, {what}"

    def _needs(self) -> list[str]:
        """What must be ready first, each once, with the place that says so."""
        service = self._service
        found: dict[str, KeyPath] = {}
        routed = bool(hosts(self._name, service))
        found["traefik" if routed else "namespaces"] = self._at  # whoever waits for it has its namespace too
        for index, need in enumerate(service.needs):
            found.setdefault(need, (*self._at, "needs", index))
        for index, job in enumerate(service.before):
            if job in {*self._project.services, *self._around.stacks}:
                found.setdefault(job, (*self._at, "before", index))
        for place, container in service.containers:
            self._add_needs(found, container, place)
        for path, source in service.files.items():
            if isinstance(source, Reference):
                self._add(found, source, ("files", path))
        for path, volume in service.volumes.items():
            if isinstance(volume, SharedVolume) and volume.of in self._project.services:
                found.setdefault(volume.of, (*self._at, "volumes", path, "of"))
        if SECRET_STORE in found:  # last: it is there because of what others keep in it
            found[SECRET_STORE] = found.pop(SECRET_STORE)
        self._places |= {("needs", index): place for index, place in enumerate(found.values())}
        return list(found)

    def _add_needs(self, found: dict[str, KeyPath], container: Container, place: KeyPath) -> None:
        """What the container's variables refer to, under any profile."""
        written = self._project.services[self._name]
        for key, value in container.env.items():
            if isinstance(value, Reference):
                self._add(found, value, (*place, "env", key) if place or key in written.env else ())
        for profile, over in written.profiles.items() if not place else ():
            for key, value in over.env.items():
                if isinstance(value, Reference):
                    self._add(found, value, ("profiles", profile, "env", key))

    def _add(self, found: dict[str, KeyPath], reference: Reference, place: KeyPath) -> None:
        for need in resolve(reference, self._around).needs:
            found.setdefault(need, (*self._at, *place))

    def _images(self) -> dict[str, Any]:
        """Each image with the places of its reference: a pod may have several containers of one image."""
        found: dict[str, dict[str, Any]] = {}
        for place, container in self._service.containers:
            image = image_of(container, self._project.project, self._image_names)
            name, value = image.pop("name"), f"images.{place[-1]}" if place else "image"
            key = "build" if container.build else "image"
            self._places.setdefault(("images", name), (*self._at, *place, key))
            self._places.setdefault(("images", name, key), (*self._at, *place, key))
            if container.sync:
                self._places.setdefault(("images", name, "build", "sync"), (*self._at, *place, "sync"))
            if name in found:
                found[name].setdefault("also", []).append({"reference": value})
            else:
                found[name] = {"reference": value, **image}
        if self._service.restarts and self._workload() == "Deployment":
            found["supervisor"] = {"reference": "supervisor"}
        return found

    def _endpoints(self) -> list[dict[str, str]]:
        endpoints: list[dict[str, str]] = []
        for port, host in hosts(self._name, self._service).items():
            first = not endpoints
            endpoints.append({"name": self._name if first else f"{self._name}-{port}", "host": host})
            said = ("ports", port, "host") if port in self._service.ports else ("host",)
            self._places[("endpoints", len(endpoints) - 1, "host")] = (*self._at, *said)
        return endpoints


def carried_files(service: ServiceSpec, origin: Origin) -> Sequence[CarriedFile]:
    """The files of the project that a service is given, folders as what is in them; none for what is not there."""
    found: list[CarriedFile] = []
    for inside, source in service.files.items():
        if not isinstance(source, str):
            continue
        place = origin.boundary.look(origin.document.file.parent, source, "file or folder")
        if isinstance(place, PathProblem):
            continue
        if place.is_dir():
            below = [(file, file.relative_to(place).as_posix()) for file in visible_files(place)]
            found += [
                CarriedFile(f"{source.rstrip('/')}/{name}", f"{inside}/{name}", is_executable(file))
                for file, name in below
            ]
        else:
            found.append(CarriedFile(source, inside, is_executable(place)))
    return found
