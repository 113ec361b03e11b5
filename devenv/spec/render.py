"""What a stack's charts and links get: merged values, placeholders, image references. Pure.

Responsible for the order in which values go over each other. It reads no files and knows no Helm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devenv.spec.model import Values
from devenv.spec.stack import Endpoint, ImageInjection, StackSpec

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What stacks may know of the project that they are installed for."""

    project: str
    profile: str
    http_port: int
    https_port: int
    host_ca: str = ""
    """ConfigMap with the host's certificates, in every stack's namespace; empty where the host trusts no extra ones."""

    @property
    def domain(self) -> str:
        """`<project>.localhost`, which every system resolves to the loopback address."""
        return f"{self.project}.localhost"

    @property
    def placeholders(self) -> dict[str, str]:
        """What `{project}`, `{domain}`, `{profile}`, `{http_port}` and `{https_port}` stand for."""
        return {
            "project": self.project,
            "domain": self.domain,
            "profile": self.profile,
            "http_port": str(self.http_port),
            "https_port": str(self.https_port),
        }


def chart_values(
    stack: StackSpec,
    facts: ProjectFacts,
    *,
    profile_values: Values,
    chosen_values: Values,
    images: Mapping[str, str],
) -> Values:
    """The values that a stack's charts are installed with.

    Later ones go over earlier ones: the stack's own (placeholders replaced), those of the profile, those of
    devenv.yaml, then `global.devenv` and the images' references, which always are devenv's.

    Args:
        stack: whose values.
        facts: of the project.
        profile_values: content of the stack's `values/<profile>.yaml`.
        chosen_values: what devenv.yaml gives the stack.
        images: image name to full reference, for the images that the stack names; others are left alone.
    """
    values = merged(fill(stack.values, facts), profile_values)
    values = merged(values, chosen_values)
    values = merged(values, {"global": {"devenv": _devenv_values(stack, facts)}})
    for name, injection in stack.images.items():
        if name in images:
            for path, text in injected(injection, images[name]):
                values = merged(values, nested(path, text))
    return values


def merged(under: Values, over: Values) -> Values:
    """Two sets of values as one, without changing either: maps merge, lists and scalars replace.

    A null takes away what is under it. It stays in the result, because that is how Helm is told to leave out
    the chart's own default too.
    """
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def fill(value: Any, facts: ProjectFacts) -> Any:
    """The value with the placeholders in its texts replaced; other words in braces stay as they are."""
    if isinstance(value, dict):
        return {key: fill(item, facts) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, facts) for item in value]
    return fill_text(value, facts) if isinstance(value, str) else value


def fill_text(text: str, facts: ProjectFacts) -> str:
    """The text with its placeholders replaced."""
    known = facts.placeholders
    return re.sub(r"\{([a-z_]+)\}", lambda found: known.get(found[1], found[0]), text)


def endpoint_url(endpoint: Endpoint, facts: ProjectFacts) -> str:
    """Where an endpoint answers on this machine: `http://backend.alt.localhost:8080/`."""
    port = facts.http_port if endpoint.scheme == "http" else facts.https_port
    suffix = "" if port == _DEFAULT_PORTS[endpoint.scheme] else f":{port}"
    path = fill_text(endpoint.path, facts)
    return f"{endpoint.scheme}://{endpoint.host}.{facts.domain}{suffix}/{path.removeprefix('/')}"


def injected(injection: ImageInjection, reference: str) -> list[tuple[str, str]]:
    """Dotted value paths and what goes there for an image of this reference."""
    places: list[tuple[str, str]] = []
    if injection.repository and injection.tag:
        repository, tag = split_reference(reference)
        places += [(injection.repository, repository), (injection.tag, tag)]
    if injection.reference:
        places.append((injection.reference, reference))
    for further in injection.also:
        places += injected(further, reference)
    return places


def kustomized(injection: ImageInjection, reference: str) -> list[tuple[str, str]]:
    """Names in kustomizations' manifests, and the reference that takes their place."""
    own = [(injection.kustomize, reference)] if injection.kustomize else []
    return own + [place for further in injection.also for place in kustomized(further, reference)]


def split_reference(reference: str) -> tuple[str, str]:
    """Repository and tag such that `repository:tag` is the reference again; tag `latest` where there is none.

    A digest goes with what is behind the last colon: charts put exactly one colon between the two.
    """
    name, _, digest = reference.partition("@")
    slash, colon = name.rfind("/"), name.rfind(":")
    if colon > slash:
        return name[:colon], name[colon + 1 :] + (f"@{digest}" if digest else "")
    if digest:
        algorithm, _, value = digest.partition(":")
        return f"{name}@{algorithm}", value
    return name, "latest"


def _devenv_values(stack: StackSpec, facts: ProjectFacts) -> Values:
    return {
        "project": facts.project,
        "domain": facts.domain,
        "profile": facts.profile,
        "httpPort": facts.http_port,
        "httpsPort": facts.https_port,
        "hostCa": facts.host_ca,
        "stack": stack.name,
        "layer": stack.layer,
    }


def nested(path: str, value: str | list[str]) -> Values:
    """Values with one text or list at a dotted path."""
    nested: Any = value
    for key in reversed(path.split(".")):
        nested = {key: nested}
    return dict(nested)
