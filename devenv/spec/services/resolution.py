"""What a reference of a service stands for in the cluster, and which stacks must be ready for it. Pure.

A reference to what is not there resolves to nothing; `devenv.spec.checks.services` tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from devenv.spec.database_engines import ADDRESSES
from devenv.spec.services.reference import Reference
from devenv.spec.services.service import ServicePort, ServiceSpec
from devenv.spec.stack import StackSpec

LOCALSTACK = "localstack"
SECRET_STORE = "external-secrets-config"  # noqa: S105 -- a stack's name
_ENDPOINT = "http://localstack.localstack:4566"
_REGION, _ACCOUNT = "us-east-1", "000000000000"
AWS_VARIABLES: Mapping[str, str] = {
    "AWS_ENDPOINT_URL": _ENDPOINT,
    "AWS_REGION": _REGION,
    "AWS_DEFAULT_REGION": _REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",  # LocalStack takes any, so that these are no secrets
}
"""What SDKs look for, for whoever refers to anything of AWS."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the services of a project may refer to."""

    prefix: str
    """What the namespaces of built-in stacks begin with."""
    services: Mapping[str, ServiceSpec]
    stacks: Mapping[str, StackSpec]
    """All that there are, those of `databases` among them."""

    def namespace(self, service: str) -> str:
        """Where a service runs."""
        if service not in self.services:
            return self.stacks[service].namespace
        named = self.services[service].namespace or "{namespace_prefix}-apps"
        return named.replace("{namespace_prefix}", self.prefix)

    def ports(self, service: str) -> Mapping[str, ServicePort] | None:
        """The ports of a service, or of a stack that says them as one does that was a service; None without any."""
        if service in self.services:
            return self.services[service].all_ports
        return ports_of(self.stacks[service]) if service in self.stacks else None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What stands in the place of a reference."""

    text: str = ""
    secret: Mapping[str, str] | None = None
    """Where it comes from, if it must be seen by nobody: `secret` and, if it is one text of several, `key`; or a
    `template` in which the secret's keys in braces stand for its texts, as URLs have them."""
    needs: tuple[str, ...] = ()


def resolve(reference: Reference, around: Surroundings) -> Resolved:
    """What a reference stands for."""
    name = reference.name
    match reference.kind:
        case "database":
            return _of_database(name, reference.key or "url", around)
        case "service":
            return _of_service(reference, around)
        case "secret":
            key = {"key": reference.key} if reference.key else {}
            return Resolved(secret={"secret": name, **key}, needs=(SECRET_STORE,))
        case kind:
            texts = {
                "queue": f"{_ENDPOINT}/{_ACCOUNT}/{name}",
                "topic": f"arn:aws:sns:{_REGION}:{_ACCOUNT}:{name}",
                "aws": _ENDPOINT,
            }
            return Resolved(texts.get(kind, name), needs=(LOCALSTACK,))


def port_of(reference: Reference, ports: Mapping[str, ServicePort]) -> ServicePort | None:
    """The port of a service that a reference means; None where there is none."""
    return ports.get(reference.port) if reference.port else next(iter(ports.values()), None)


def ports_of(stack: StackSpec) -> dict[str, ServicePort] | None:
    """The ports in the values of a stack whose chart is that of services; None for another."""
    ports = stack.values.get("ports")
    if not isinstance(ports, list):
        return None
    try:
        return {
            port["name"]: ServicePort.model_validate({key: port[key] for key in ("port", "protocol") if key in port})
            for port in ports
        }
    except (ValueError, TypeError, KeyError):  # of a chart that means something else by the word
        return None


def _of_database(name: str, part: str, around: Surroundings) -> Resolved:
    spec = around.stacks.get(name)
    database = spec.database if spec else None
    if spec is None or database is None:
        return Resolved()
    facts = ADDRESSES[database.engine]
    # The charts' Services are called like their workloads.
    host = f"{database.workload.partition('/')[2]}.{spec.namespace}"
    jdbc = f"{facts.jdbc}://{host}:{facts.port}/{quote(database.name, safe='')}"
    texts = {"host": host, "port": str(facts.port), "name": database.name, "jdbc": jdbc}
    if part in texts:
        return Resolved(texts[part], needs=(name,))
    source = {"secret": f"{spec.namespace}/{database.secret}"}
    if part == "url":
        source |= {"template": facts.url("{username}:{password}", host, facts.port, database.name)}
    else:
        source |= {"key": part}
    return Resolved(secret=source, needs=(name, SECRET_STORE))


def _of_service(reference: Reference, around: Surroundings) -> Resolved:
    name = reference.name
    ports = around.ports(name)
    port = port_of(reference, ports) if ports else None
    if port is None:
        return Resolved()
    host = f"{name}.{around.namespace(name)}"
    url = f"http://{host}:{port.port}" if port.protocol == "http" else f"{host}:{port.port}"
    texts = {"url": url, "host": host, "port": str(port.port)}
    return Resolved(texts[reference.key or "url"], needs=(name,))
