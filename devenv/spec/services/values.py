"""The values of the chart `service` that a service comes to. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from devenv.spec.model import Values
from devenv.spec.services.reference import Reference
from devenv.spec.services.resolution import AWS_VARIABLES, Resolved, Surroundings, resolve
from devenv.spec.services.service import Container, Health, InlineText, ServiceSpec, SharedVolume

Workload = Literal["Deployment", "CronJob", "Job"]
_AWS_KINDS = ("aws", "queue", "topic", "bucket", "table")
_SETTINGS = {"command": "command", "args": "args", "user": "user", "working_dir": "workingDir"}
"""Keys that a container has as they are written, where they are, each with its value's name."""


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file of the project, and where it goes in a container."""

    path: str
    """Relative to the project."""
    inside: str
    executable: bool = False


@dataclass(slots=True)
class _Gathered:
    """What the parts of a pod have in common."""

    around: Surroundings
    secrets: dict[str, Mapping[str, str]] = field(default_factory=dict)


def service_values(
    name: str, service: ServiceSpec, workload: Workload, files: Sequence[CarriedFile], around: Surroundings
) -> tuple[Values, dict[str, str]]:
    """The values, and where the texts of files go in them.

    Args:
        name: of the service.
        service: as a profile has it.
        workload: what it runs as.
        files: those of the project that it is given, one by one.
        around: what it may refer to.
    """
    gathered = _Gathered(around)
    values: Values = {"workload": workload} if workload != "Deployment" else {}
    if service.schedule:
        values["schedule"] = service.schedule
    if service.replicas != 1:
        values["replicas"] = service.replicas
    values |= _container(service, "", gathered)
    if ports := _ports(name, service):
        values["ports"] = ports
    values |= _health(service)
    for key in ("init", "sidecars"):
        if containers := getattr(service, key):
            values[key] = [{"name": each, **_container(one, each, gathered)} for each, one in containers.items()]
    if volumes := [{"name": slug(path), "path": path, **_volume(source)} for path, source in service.volumes.items()]:
        values["volumes"] = volumes
    texts = {file.inside: file.path for file in files}
    if mounted := [*_files(service, gathered), *(_carried(file) for file in files)]:
        values["files"] = mounted
    values |= _surroundings(service)
    if gathered.secrets:
        values["secrets"] = dict(gathered.secrets)
    if workload == "Job":
        values["deadlineSeconds"] = int(service.deadline.total_seconds())
    return values, {f"texts.{slug(path)}": file for path, file in texts.items()}


def _surroundings(service: ServiceSpec) -> Values:
    """How it is called, and what its namespace has to take."""
    values: Values = {"aliases": list(service.aliases)} if service.aliases else {}
    if service.pod_security != "restricted":
        values["podSecurity"] = service.pod_security
        if service.user is None:
            values["user"] = None  # which takes the chart's own away
    return values


def _volume(source: str | SharedVolume) -> Values:
    if isinstance(source, SharedVolume):
        return {"claim": f"{source.of}-{slug(source.path)}"}
    return {"size": source} if source != "empty" else {}


def _carried(file: CarriedFile) -> Values:
    return {"key": slug(file.inside), "path": file.inside, **({"executable": True} if file.executable else {})}


def slug(path: str) -> str:
    """A path as a name that keys of values, ConfigMaps and volumes may have; different paths have different ones."""
    readable = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:40].strip("-")
    plain = "/" + readable.replace("-", "/")
    return readable if plain == path and readable[:1].isalpha() else f"f-{readable}-{short_hash(path)}"


def short_hash(text: str) -> str:
    """Six digits that tell texts apart which look alike."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def _container(container: Container, name: str, gathered: _Gathered) -> Values:
    values: Values = {name: value for key, name in _SETTINGS.items() if (value := getattr(container, key)) is not None}
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
    if not container.read_only:
        values["readOnly"] = False
    if env := list(_variables(container, name, gathered)):
        values["env"] = env
    resources = {key: dict(part) for key in ("requests", "limits") if (part := getattr(container.resources, key))}
    return {**values, **({"resources": resources} if resources else {})}


def _variables(container: Container, name: str, gathered: _Gathered) -> Iterator[dict[str, Any]]:
    references = [value for value in container.env.values() if isinstance(value, Reference)]
    if any(reference.kind in _AWS_KINDS for reference in references):
        given = {key: text for key, text in AWS_VARIABLES.items() if key not in container.env}
        yield from ({"name": key, "value": text} for key, text in given.items())
    for key, value in container.env.items():
        if not isinstance(value, Reference):
            yield {"name": key, "value": value}
            continue
        found = resolve(value, gathered.around)
        yield {"name": key, **_told(found, f"{name}.{key}" if name else key, gathered)}


def _told(found: Resolved, key: str, gathered: _Gathered) -> dict[str, str]:
    """A text as it is, or the key of the service's Secret that holds it."""
    if found.secret is None:
        return {"value": found.text}
    gathered.secrets[key] = found.secret
    return {"secret": key}


def _files(service: ServiceSpec, gathered: _Gathered) -> Iterator[dict[str, str]]:
    """Files that are no files of the project."""
    for path, source in service.files.items():
        match source:
            case InlineText(text=text):
                yield {"path": path, "key": slug(path), "text": text}
            case Reference():
                yield {"path": path, "key": slug(path), **_of_reference(source, path, gathered)}


def _of_reference(source: Reference, path: str, gathered: _Gathered) -> dict[str, str]:
    told = _told(resolve(source, gathered.around), f"files..{slug(path)}", gathered)
    return {"text": told["value"]} if "value" in told else told


def _ports(name: str, service: ServiceSpec) -> list[dict[str, Any]]:
    ports = []
    for key, port in service.all_ports.items():
        one: dict[str, Any] = {"name": key, "port": port.port}
        if port.protocol != "http":
            one["protocol"] = port.protocol
        if host := hosts(name, service).get(key):
            one["host"] = f"{host}.{{domain}}"
        ports.append(one)
    return ports


def hosts(name: str, service: ServiceSpec) -> dict[str, str]:
    """The first part of the host of each port that has one."""
    found = {}
    for index, (key, port) in enumerate(service.all_ports.items()):
        said = port.host if port.host is not None else service.host if index == 0 else False
        if said is None:
            said = False if port.protocol == "tcp" else name
        if said:
            found[key] = said
    return found


def _health(service: ServiceSpec) -> Values:
    health = service.health
    if health is None and service.all_ports:
        return {"health": {"tcp": True}}
    if not health:
        return {}
    seconds = int(health.starts_within.total_seconds())
    usual = seconds == Health.model_fields["starts_within"].default.total_seconds()
    return {"health": {**_question(health), **({} if usual else {"startSeconds": seconds})}}


def _question(health: Health) -> dict[str, Any]:
    port = {"port": health.port} if health.port else {}
    if health.exec:
        return {"exec": list(health.exec)}
    return {"path": health.path, **port} if health.path else {"grpc" if health.grpc else "tcp": True, **port}
