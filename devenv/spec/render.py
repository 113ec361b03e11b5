"""What a stack's charts and links get: merged values, placeholders, image references. Pure.

Responsible for the order in which values go over each other. It reads no files and knows no Helm.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

from devenv.spec.helm import go_templates
from devenv.spec.helm.go_templates import TemplateError
from devenv.spec.helm.image_variables import named_images, variables_of
from devenv.spec.helm.set_values import SetError, with_set
from devenv.spec.model import Values
from devenv.spec.project import ProjectSpec
from devenv.spec.stack import Additions, Endpoint, Hook, Hooks, ImageInjection, StackSpec

_JOINED = ("needs", "wants", "ready")
"""What a variant of a stack has beside the stack's own."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What stacks may know of the project that they are installed for."""

    project: str
    profile: str
    http_port: int
    https_port: int
    namespace_prefix: str
    host_ca: str = ""
    """ConfigMap with the host's certificates, in every stack's namespace; empty where the host trusts no extra ones."""

    @classmethod
    def of(cls, project: ProjectSpec, http_port: int, https_port: int, host_ca: str = "") -> Self:
        return cls(project.project, project.profile, http_port, https_port, project.prefix, host_ca)

    @property
    def domain(self) -> str:
        """`<project>.localhost`, which every system resolves to the loopback address."""
        return f"{self.project}.localhost"

    @property
    def placeholders(self) -> dict[str, str]:
        """What `{project}`, `{domain}` … stand for, everywhere in the project."""
        return {
            "project": self.project,
            "domain": self.domain,
            "profile": self.profile,
            "http_port": str(self.http_port),
            "https_port": str(self.https_port),
            "namespace_prefix": self.namespace_prefix,
        }


def chart_values(
    stack: StackSpec,
    facts: ProjectFacts,
    *,
    profile_values: Values,
    chosen_values: Values,
    images: Mapping[str, str],
    file_values: Values | None = None,
) -> Values:
    """The values that a stack's charts are installed with.

    Later ones go over earlier ones: the stack's own and those of the profile (placeholders replaced), those of
    `values_files` and `set` as they are, those of devenv.yaml, then `global.devenv` and the images' references, which
    always are devenv's.

    Args:
        stack: whose values.
        facts: of the project.
        profile_values: content of the stack's `values/<profile>.yaml`.
        chosen_values: what devenv.yaml gives the stack.
        images: image name to full reference, for the images that the stack names; others are left alone.
        file_values: content of the stack's `values_files`.
    """
    placeholders = stack_placeholders(stack, facts)
    values = merged(fill(stack.values, placeholders), fill(profile_values, placeholders))
    values = merged(values, file_values or {})
    of_images = [key for key, text in stack.set.items() if named_images([key, text], stack.images)]
    values = _with_set(values, stack, [key for key in stack.set if key not in of_images], images)
    values = merged(values, chosen_values)
    values = merged(values, {"global": {"devenv": _devenv_values(stack, facts)}})
    for name, injection in stack.images.items():
        if name in images:
            for path, text in injected(injection, images[name]):
                values = merged(values, nested(path, text))
    return _with_set(values, stack, of_images, images)


def _with_set(values: Values, stack: StackSpec, keys: Iterable[str], images: Mapping[str, str]) -> Values:
    """The values with some keys of `set`; what cannot be set is told where stacks are checked."""
    variables = variables_of(images)
    for key in keys:
        with suppress(SetError, TemplateError):
            # Skaffold's charts put the digest behind an @, and devenv's images are known by their tags alone.
            text = go_templates.render(stack.set[key], variables).removesuffix("@")
            values = with_set(values, go_templates.render(key, variables), text)
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


def difference(under: Values, over: Values) -> Values:
    """What has to go over some values so that `merged` makes others of them; what those lack becomes a null."""
    changed: Values = {key: None for key in under if key not in over}
    for key, value in over.items():
        below = under.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            if inner := difference(below, value):
                changed[key] = inner
        elif key not in under or below != value:
            changed[key] = value
    return changed


def in_company(stack: StackSpec, chosen: Collection[str], values: Values) -> StackSpec:
    """The stack as it is installed in a project of these stacks, which gives it these values."""
    varied = in_variant(stack, values)
    more = [added for name, added in stack.alongside.items() if name in chosen]
    return varied.model_copy(update={**_with(varied, more), "alongside": {}})


def in_variant(stack: StackSpec, values: Values) -> StackSpec:
    """The stack as the values of a project have it; where they name no variant that there is, it is the first."""
    named = {}
    for key, variants in stack.variants.items():
        given = str(values.get(key))
        named[key] = given if given in variants else next(iter(variants))
    varied = stack.model_copy(update={"values": merged(stack.values, named), "variants": {}})
    more = [stack.variants[key][name] for key, name in named.items()]
    joined = {key: (*getattr(stack, key), *chain.from_iterable(getattr(v, key) for v in more)) for key in _JOINED}
    return varied.model_copy(update={**_with(varied, more), **joined})


def _with(stack: StackSpec, added: Sequence[Additions]) -> dict[str, Any]:
    """The images and values of a stack, with those that are added."""
    images, values = dict(stack.images), stack.values
    for more in added:
        images |= more.images
        values = merged(values, more.values)
    return {"images": images, "values": values}


def with_hooks_filled(stack: StackSpec, facts: ProjectFacts) -> StackSpec:
    """The stack with the placeholders in the arguments of its hooks replaced."""
    placeholders = stack_placeholders(stack, facts)

    def filled(hooks: tuple[Hook, ...]) -> tuple[Hook, ...]:
        return tuple(
            hook.model_copy(update={"kubectl": tuple(fill_text(argument, placeholders) for argument in hook.kubectl)})
            for hook in hooks
        )

    return stack.model_copy(update={"hooks": Hooks(before=filled(stack.hooks.before), after=filled(stack.hooks.after))})


def stack_placeholders(stack: StackSpec, facts: ProjectFacts) -> dict[str, str]:
    """The project's, and `{namespace}`, which is the stack's own."""
    return {**facts.placeholders, "namespace": stack.namespace}


def fill(value: Any, placeholders: Mapping[str, str]) -> Any:
    """The value with the placeholders in its texts and keys replaced; other words in braces stay as they are."""
    if isinstance(value, dict):
        return {fill(key, placeholders): fill(item, placeholders) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, placeholders) for item in value]
    return fill_text(value, placeholders) if isinstance(value, str) else value


def fill_text(text: str, known: Mapping[str, str]) -> str:
    """The text with its placeholders replaced."""
    return re.sub(r"\{([a-z_]+)\}", lambda found: known.get(found[1], found[0]), text)


def endpoint_url(endpoint: Endpoint, facts: ProjectFacts) -> str:
    """Where an endpoint answers on this machine: `http://backend.alt.localhost:8080/`."""
    path = fill_text(endpoint.path, facts.placeholders)
    origin = origin_of(endpoint.scheme, f"{endpoint.host}.{facts.domain}", facts)
    return f"{origin}/{path.removeprefix('/')}"


def origin_of(scheme: str, host: str, facts: ProjectFacts) -> str:
    """Where a host name answers on this machine: `http://backend.alt.localhost:8080`."""
    port = facts.http_port if scheme == "http" else facts.https_port
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


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
