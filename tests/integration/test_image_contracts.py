"""Images against what the charts rely on: recipes', and upstream's where its registry is reached."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from docker.errors import NotFound
from docker.models.containers import Container
from support.images import provide

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.images.build.build import ImageProvider
from devenv.images.catalogue.registries import Registries
from devenv.plan.steps import PullImage
from devenv.spec.catalogue import load_versions
from devenv.spec.image_reference import registry_of

pytestmark = pytest.mark.engine
CONTRACTS: dict[str, dict[str, Any]] = yaml.safe_load((data_root() / "stacks" / "contracts.yaml").read_text())
IMAGES = load_versions().images


@dataclass(frozen=True)
class Made:
    """A container of an image, created and never started: its files can be read without a shell in it."""

    container: Container
    config: dict[str, Any]

    def has(self, path: str) -> bool:
        """Whether there is a file or folder."""
        try:
            self.container.get_archive(path)
        except NotFound:
            return False
        return True

    def text(self, path: str) -> str:
        """A file's content; a link is followed."""
        chunks, _ = self.container.get_archive(path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            member = archive.getmembers()[0]
            if member.issym():
                return self.text(member.linkname)
            content = archive.extractfile(member)
            assert content, path
            return content.read().decode(errors="replace")

    def program(self, name: str) -> str | None:
        """Where PATH leads to for a name."""
        variables = dict(entry.split("=", 1) for entry in self.config["Env"])
        folders = variables["PATH"].split(":")
        return next((path for folder in folders if self.has(path := f"{folder}/{name}")), None)


def references(name: str, engine: Engine) -> Iterator[str]:
    """The recipe's image, and upstream's as well where it can be pulled."""
    image = IMAGES[name]
    if image.recipe:
        yield provide(name, engine)
    if image.upstream and any(Registries(engine).answering([registry_of(image.upstream)]).values()):
        ImageProvider(engine, data_root()).provide(PullImage(name, image.upstream))
        yield image.upstream


@pytest.mark.parametrize("name", CONTRACTS)
def test_an_image_is_what_its_chart_relies_on(name: str, engine: Engine, labels: dict[str, str]) -> None:
    contract = CONTRACTS[name]
    for reference in references(name, engine):
        container = engine.client.containers.create(reference, command=["nothing"], labels=labels)
        try:
            wrong = [*_wrong(contract, Made(container, engine.images.inspect(reference)["Config"]))]
            wrong += _wrong_answers(contract, engine, reference, labels)
        finally:
            engine.containers.remove([str(container.name)])
        assert wrong == [], reference


def _wrong(contract: dict[str, Any], made: Made) -> Iterator[str]:
    config = made.config
    for key, field in (("entrypoint", "Entrypoint"), ("command", "Cmd"), ("stop_signal", "StopSignal")):
        if key in contract and config.get(field) != contract[key]:
            yield f"{key} is {config.get(field)}"
    yield from (f"no port {p}" for p in contract.get("ports", ()) if f"{p}/tcp" not in (config["ExposedPorts"] or {}))
    yield from (f"no volume {v}" for v in contract.get("volumes", ()) if v not in (config["Volumes"] or {}))
    yield from (f"no folder {f}" for f in contract.get("folders", ()) if not made.has(f))
    yield from (f"no program {p}" for p in contract.get("programs", ()) if not made.program(p))
    if account := contract.get("account"):
        user, group = contract["runs_as"].split(":")
        if not re.search(rf"^{account}:[^:]*:{user}:{group}:", made.text("/etc/passwd"), re.MULTILINE):
            yield f"{account} is not {contract['runs_as']}"
    if variables := contract.get("variables"):
        entrypoint = made.program(contract["entrypoint"][0])
        assert entrypoint
        script = made.text(entrypoint)
        yield from (f"{variable} is not read" for variable in variables if not _is_read(script, variable))


def _is_read(script: str, variable: str) -> bool:
    """Whether a script has the name, without what it may add itself: the end `_FILE`, and what all begin with."""
    name = variable.removesuffix("_FILE")
    return bool(re.search(rf"\b({name}|{name.partition('_')[2]})\b", script))


def _wrong_answers(contract: dict[str, Any], engine: Engine, reference: str, labels: dict[str, str]) -> Iterator[str]:
    """As the chart runs it: as its user, without capabilities and with files that cannot be written."""
    for answer in contract.get("answers", ()):
        said = engine.client.containers.run(
            reference,
            answer["args"],
            user=contract["runs_as"],
            read_only=True,
            cap_drop=["ALL"],
            network_mode="none",
            tmpfs={"/tmp": ""},  # noqa: S108 (in the container)
            stderr=True,
            remove=True,
            labels=labels,
        ).decode(errors="replace")
        if not re.search(answer["says"], said):
            yield f"{answer['args']} is answered with {said[:400]}"
