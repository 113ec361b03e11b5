"""A registry that dies while a run pulls from it: `auto` goes on with recipes, and says so."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest
import yaml
from support.programs import require_program
from support.small_registry import Refusal, SmallRegistry, small_registry

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.errors import RateLimitedError, RunFailedError
from devenv.events import Event, Noted, PlanMade, RunFinished, StepFailed
from devenv.images.build.build import ImageProvider
from devenv.images.catalogue.catalogue import Catalogue, hashing
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.image import Mode
from devenv.spec.load import load_workspace
from devenv.spec.versions import CatalogueImage, ToolVersion, Versions
from devenv.workflows.access.connect import environment_on
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import silent_session
from devenv.workflows.build import build_images

T = TypeVar("T")
pytestmark = pytest.mark.engine
PROJECT = f"given-up-{uuid.uuid4().hex[:8]}"
BASE = "debian-trixie"
"""What the catalogue calls the image here that a registry publishes and a recipe makes."""
SPENT = Refusal(429, "TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit.")


@dataclass
class Dying:
    """A registry whose layers are refused, and devenv's data with a recipe of the same image."""

    engine: Engine
    registry: SmallRegistry
    data: Path
    events: list[Event] = field(default_factory=list)

    @property
    def versions(self) -> Versions:
        """The catalogue, in which the image is this one."""
        image = CatalogueImage(upstream=self.registry.reference, recipe="recipe")
        tool = {"version": "1", "accept": "=1", "download": "", "checksum": "", "recipe": "tool", "target": "tool"}
        loaded = load_workspace(self.data / "project", data_root=data_root()).versions
        tools = {**loaded.tools, "tool": ToolVersion.model_validate({**tool, "bases": {"BASE": BASE}})}
        return loaded.model_copy(update={"images": {BASE: image}, "tools": tools})

    @property
    def catalogue(self) -> Catalogue:
        """All images, with the project's."""
        project = load_workspace(self.data / "project", data_root=data_root()).project
        return Catalogue(self.versions, self.data, hashing(FileDigests()), project.images, self.data / "project")

    @property
    def made(self) -> list[str]:
        """The references under which images of this catalogue are made."""
        return [own for name in (BASE, "app") if (own := self.catalogue[name].own)]

    def build(self, mode: Mode) -> bool:
        """Build the project's image; whether that took a build."""
        session = replace(silent_session(), emit=self.events.append, data_root=self.data)
        loaded = load_workspace(self.data / "project", data_root=data_root())
        environment = environment_on(self.engine, replace(loaded, versions=self.versions), session)
        with exclusive(self.engine, PROJECT, session):
            (image,) = build_images(environment, ["app"], mode, session, time.monotonic())
        return image.built

    def of_type(self, kind: type[T]) -> list[T]:
        """The events of a type."""
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def dying(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dying]:
    require_program("docker")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name, dockerfile in (
        ("recipe", "FROM scratch\nCOPY file /file\n"),
        ("tool", "ARG BASE\nFROM ${BASE} AS tool\nCOPY file /tool\n"),
        ("project/app", "ARG BASE\nFROM ${BASE}\nCOPY file /new\n"),
    ):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "Dockerfile").write_text(dockerfile)
        (tmp_path / name / "file").write_text(str(tmp_path))
    images = {"app": {"context": "app", "bases": {"BASE": BASE}}}
    document = {"project": PROJECT, "stacks": [{"name": "namespaces"}], "images": images}
    (tmp_path / "project" / "devenv.yaml").write_text(yaml.safe_dump(document))
    with small_registry(engine) as registry:
        registry.publish(b"content")
        registry.refuse = lambda path: SPENT if "/blobs/" in path else None
        found = Dying(engine, registry, tmp_path)
        yield found
        engine.images.remove(found.made)


def test_a_build_goes_on_with_the_recipe_of_what_cannot_be_pulled(dying: Dying) -> None:
    assert dying.build("auto")
    assert [event.key for event in dying.of_type(StepFailed)] == [f"image/{BASE}"]
    assert [note.message for note in dying.of_type(Noted)] == [
        f"image {BASE} is made by its recipe: {dying.registry.host} gives no more images for the present"
    ]
    first, second = dying.of_type(PlanMade)
    assert first.steps[0].title == f"Pull image {dying.registry.reference}"
    assert [step.title for step in second.steps] == [f"Build image {BASE}", "Build image app"]
    (end,) = dying.of_type(RunFinished)
    assert (end.succeeded, end.failed) == (2, 0)


def test_what_is_asked_to_be_upstreams_is_never_replaced(dying: Dying) -> None:
    with pytest.raises(RunFailedError):
        dying.build("upstream")
    assert len(dying.of_type(PlanMade)) == 1


def test_a_program_is_built_on_what_a_recipe_makes(dying: Dying) -> None:
    provider = ImageProvider(dying.engine, dying.data, versions=dying.versions)
    program = dying.data / "program"
    with pytest.raises(RateLimitedError):
        provider.build_tool(dying.catalogue, "tool", program, mode="upstream")
    provider.build_tool(dying.catalogue, "tool", program)
    assert program.read_text() == str(dying.data)
