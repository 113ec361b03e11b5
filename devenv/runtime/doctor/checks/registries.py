"""Registries: whether they answer, and how much they give yet. Asked only where something has to be fetched."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from devenv.errors import EngineUnavailableError
from devenv.images.catalogue.registries import refusal
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity
from devenv.spec.image_reference import DEFAULT_REGISTRY, registry_of

_SECONDS = 1.0
_FEW = 10
_TOKEN = "https://auth.docker.io/token?service=registry.docker.io&scope=repository:ratelimitpreview/test:pull"  # noqa: S105
_LIMIT = "https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest"
"""Asked by HEAD, which does not count: https://docs.docker.com/docker-hub/usage/pulls/."""
_AMOUNT = re.compile(r"(\d+)")
_UNTRUSTED = re.compile(r"certificate verify failed|CERTIFICATE_VERIFY_FAILED")

UNREACHABLE = Kind(
    "registry-unreachable",
    Severity.WARNING,
    "A registry does not answer",
    "its images are made from recipes, which takes minutes for each, or cannot be had",
    "The registries of images that the engine lacks are asked for a second; those of all images with `--network`. "
    "Only `up --images upstream` needs them. A mirror is named in devenv.yaml: `registry_mirrors`.",
)
UNTRUSTED = Kind(
    "registry-untrusted",
    Severity.WARNING,
    "A registry's certificate is not trusted here",
    "its images cannot be pulled: `certificate verify failed`",
    "Something on the way (a company's proxy, as a rule) answers with a certificate of its own CA. The CA belongs "
    "into this machine's bundle, and where the engine is in a machine of its own into that one's.",
)
RATE = Kind(
    "registry-rate-limit",
    Severity.WARNING,
    "Docker Hub gives few more images",
    "pulls end with `toomanyrequests` for some hours",
    "Docker Hub counts pulls by address or login. The rest is asked for by a request that does not count: "
    "[Docker's page](https://docs.docker.com/docker-hub/usage/pulls/).",
)


@dataclass(frozen=True, slots=True)
class RegistryFacts:
    """Registries that were asked, and the images that are wanted of them."""

    refusals: dict[str, str]
    """By registry why it does not answer; empty where it does."""
    wanted: dict[str, int]
    """By registry how many images the engine lacks."""
    left: int | None = None
    """Pulls that Docker Hub gives yet; None where it was not asked, or does not count."""


def observe(subject: Subject) -> RegistryFacts:
    wanted = _wanted(subject)
    if not wanted:
        return RegistryFacts({}, {})
    with ThreadPoolExecutor(len(wanted) + 1, thread_name_prefix="ask registries") as pool:
        answers = {host: pool.submit(refusal, host, seconds=_SECONDS) for host in wanted}
        left = pool.submit(pulls_left) if DEFAULT_REGISTRY in wanted else None
        return RegistryFacts(
            {host: answer.result() for host, answer in answers.items()}, wanted, left.result() if left else None
        )


def judge(facts: RegistryFacts) -> Iterator[Finding]:
    for host, reason in facts.refusals.items():
        if not reason:
            continue
        wanted = facts.wanted[host]
        what = (
            f"{host}, of which {wanted} image{'s are' if wanted != 1 else ' is'} wanted: {reason}"
            if wanted
            else f"{host}: {reason}"
        )
        if _UNTRUSTED.search(reason):
            yield UNTRUSTED.found(
                what, "put the CA into /usr/local/share/ca-certificates; then: sudo update-ca-certificates"
            )
        else:
            yield UNREACHABLE.found(
                what, f"registry_mirrors: {{{host}: MIRROR}}    # in devenv.yaml; or see to the network"
            )
    needed = facts.wanted.get(DEFAULT_REGISTRY, 0)
    if facts.left is not None and facts.left < max(_FEW, needed):
        yield RATE.found(
            f"{facts.left} pulls are left, and {needed} images are wanted", "docker login    # doubles them"
        )


def pulls_left() -> int | None:
    """How many pulls Docker Hub gives this address yet; None where it does not say."""
    try:
        with urllib.request.urlopen(_TOKEN, timeout=_SECONDS) as answer:
            token = json.load(answer)["token"]
        request = urllib.request.Request(_LIMIT, method="HEAD", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 -- the address is ours
            return read_limit(answer.headers.get("ratelimit-remaining", ""))
    except urllib.error.HTTPError as error:
        with error:
            return read_limit(error.headers.get("ratelimit-remaining", ""))
    except (OSError, ValueError, KeyError):
        return None  # whether it answers is told by another question


def read_limit(header: str) -> int | None:
    """The amount in `76;w=21600`."""
    found = _AMOUNT.match(header)
    return int(found[1]) if found else None


def _wanted(subject: Subject) -> dict[str, int]:
    """By registry how many images are wanted of it; with `--network` also those of which none is."""
    project = subject.project
    if not project:
        return {DEFAULT_REGISTRY: 0} if subject.ask_network else {}
    found: dict[str, int] = {}
    if subject.ask_network:
        versions = project.workspace.versions.images.values()
        found = {registry_of(image.upstream): 0 for image in versions if image.upstream}
    try:
        lacking = project.lacking.get()
    except EngineUnavailableError:
        lacking = ()
    for image in lacking:
        if image.source:
            host = registry_of(image.source)
            found[host] = found.get(host, 0) + 1
    return found


CHECK = Check("the registries", observe, judge, (UNREACHABLE, UNTRUSTED, RATE))
