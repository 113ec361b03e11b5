"""All objects of a copy, from what is installed and what a test wants. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.surroundings import Surroundings
from devenv.errors import UsageError
from devenv.runtime.service_copies.files import file_sources, override_files
from devenv.runtime.service_copies.identity import Identity
from devenv.runtime.service_copies.place import place_beside
from devenv.runtime.service_copies.pods import containers, copied_pod
from devenv.runtime.service_copies.pointing import Target, leads_to, point
from devenv.runtime.service_copies.routes import Hosts, copied_routes, copied_service
from devenv.runtime.service_copies.variables import Data, Overrides, override, read_variables


@dataclass(frozen=True, slots=True)
class Wishes:
    """What shall be different in a copy, in the words of pods."""

    environment: Mapping[str, str | None] = field(default_factory=dict)
    targets: Sequence[Target] = ()
    resources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assembled:
    """What a copy is made of."""

    secret: Json | None
    """The values of its variables, which have to be there first."""
    objects: tuple[Json, ...]
    pod: str
    addresses: tuple[tuple[str, str], ...]
    """Scheme and host name of each way in from outside; none for what no Service leads to."""


def assemble(around: Surroundings, data: Data, wishes: Wishes, hosts: Hosts) -> Assembled:
    """The objects of a copy.

    Args:
        around: the original.
        data: the Secrets and ConfigMaps that its variables and files come from.
        wishes: what shall be different.
        hosts: what it is called, and below which domain.

    Raises:
        UsageError: no variable leads to a database of the test's, or one may lead to either of two.
    """
    identity = hosts.identity
    name = around.workload["metadata"]["name"]
    place = place_beside(around, identity)
    pod = copied_pod(around.workload, identity, place.labels, place.services)
    secret_name = identity.named(name)
    pointing = _Pointing(wishes, identity.namespace)
    variables = {container["name"]: read_variables(container, data) for container in containers(pod["spec"])}
    overrides = Overrides(wishes.environment, {each: pointing.change(known) for each, known in variables.items()})
    everywhere = {key: value for known in variables.values() for key, value in known.items()}
    files = [value for source in file_sources(pod["spec"]) for value in data.get(source, {}).values()]
    held = override_files(pod["spec"], data, lambda files: pointing.change(files, beside=everywhere), secret_name)
    used = [
        target
        for target in wishes.targets
        if target.required or _leads_there(target, [*everywhere.values(), *files], identity)
    ]
    _require_led_to(used, [*held.values(), *_values(variables, overrides)], name)
    held |= override(pod["spec"], overrides, secret_name, data)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": identity.metadata(name),
        "stringData": held,
    }
    routed = copied_routes(around.routes, place.services, hosts)
    services = [copied_service(service, identity) for service in place.services]
    return Assembled(
        secret if held else None,
        (pod, *services, *routed.objects, *place.policies),
        pod["metadata"]["name"],
        routed.addresses,
    )


@dataclass(frozen=True, slots=True)
class _Pointing:
    """What leads elsewhere in a copy."""

    wishes: Wishes
    namespace: str

    def change(self, known: Mapping[str, str], beside: Mapping[str, str] | None = None) -> dict[str, str]:
        """Those of some settings that have to change, by name; `beside` tells more of what they mean."""
        asked = {name: value or "" for name, value in self.wishes.environment.items()}
        everything = {**(beside or {}), **known, **asked}
        found = point(everything, self.wishes.targets, self.wishes.resources, self.namespace)
        return {name: value for name, value in found.items() if name in known and name not in asked}


def _leads_there(target: Target, values: Iterable[str], identity: Identity) -> bool:
    """Whether the host of a database of the environment is in a setting of the original."""
    host = target.host(identity.namespace)
    return any(host.search(value) for value in values)


def _values(variables: Mapping[str, Mapping[str, str]], overrides: Overrides) -> list[str]:
    """The values of all variables as they are in the copy."""
    return [
        value
        for container, known in variables.items()
        for value in {**known, **overrides.of(container)}.values()
        if value is not None
    ]


def _require_led_to(targets: Sequence[Target], values: Sequence[str], workload: str) -> None:
    """Refuse a copy that would work on the environment's own data without anybody noticing."""
    for target in targets:
        own = target.own
        if own and own != target.live and not any(leads_to(value, target, own) for value in values):
            raise UsageError(
                f"no variable of {workload} leads to database {target.stack}, so its copy would use the environment's",
                hint='name the variable: environment={"DATABASE_URL": address.url}',
            )
