"""When `devenv dev` syncs what is saved and when it builds, and what each container is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from devenv.images.build.watched import WatchedContext
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.image import Recipe
from devenv.spec.sync_rule import SyncRule
from devenv.workflows.live_sync.image import SyncedImage

FIRST, SECOND = "localhost/devenv/api:1", "localhost/devenv/api:2"


class Api:
    """An image's context and what is known of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("Dockerfile", "FROM scratch\n")
        self.write("src/a", "1")
        self.write("other", "1")
        recipe = Recipe(folder / "Dockerfile", folder, None, (), ())
        rules = [SyncRule.model_validate({"from": "src", "to": "/app"})]
        self.image = SyncedImage(WatchedContext("api", recipe), recipe, rules, FileDigests())

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def save(self, name: str, text: str) -> bool:
        return self.image.save([self.write(name, text)])

    def round(self, reference: str) -> None:
        self.image.begin_round()
        self.image.end_round(reference)

    def sent(self, running: Mapping[str, str]) -> dict[str, list[str]]:
        """What containers are sent, which take it: each file's path and content."""
        found: dict[str, list[str]] = {}
        for parcel, containers in self.image.parcels(running.items()):
            lines = [self.readable(entry) for entry in parcel.entries]
            found |= dict.fromkeys(containers, lines)
            self.image.note(containers)
        return found

    @staticmethod
    def readable(entry: bytes) -> str:
        head, _, content = entry.partition(b"\n")
        kind, path, *_ = head.decode().split(" ")
        return " ".join([kind, bytes.fromhex(path).decode(), content.decode()]).strip()


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(tmp_path)


def test_before_the_first_round_everything_is_built(api: Api) -> None:
    assert not api.save("src/a", "2")
    api.round(FIRST)
    assert api.save("src/a", "3")


def test_each_container_is_sent_what_it_lacks_and_nothing_twice(api: Api) -> None:
    api.round(FIRST)
    assert api.sent({"one": FIRST}) == {}
    assert api.save("src/a", "2")
    assert api.sent({"one": FIRST}) == {"one": ["file /app/a 2"]}
    assert api.save("src/b", "1")
    assert api.sent({"one": FIRST, "two": FIRST}) == {
        "one": ["file /app/b 1"],
        "two": ["file /app/a 2", "file /app/b 1"],
    }
    # A container that starts again is another one, with what is in the image.
    assert api.sent({"one again": FIRST, "two": FIRST}) == {"one again": ["file /app/a 2", "file /app/b 1"]}
    assert api.sent({"one again": FIRST, "two": FIRST}) == {}


def test_what_is_put_back_is_sent_back(api: Api) -> None:
    api.round(FIRST)
    api.save("src/a", "2")
    api.save("src/new", "2")
    api.sent({"one": FIRST})
    (api.folder / "src" / "new").unlink()
    api.write("src/a", "1")
    assert api.image.save([api.folder / "src" / "new", api.folder / "src" / "a"])
    assert api.sent({"one": FIRST}) == {"one": ["file /app/a 1", "remove /app/new"]}


def test_a_file_that_no_rule_is_for_takes_a_build_until_there_was_one(api: Api) -> None:
    api.round(FIRST)
    assert not api.save("other", "2")
    assert not api.save("src/a", "2"), "it may need what is built"
    assert api.sent({"one": FIRST}) == {}
    api.image.begin_round()  # whose build fails
    assert not api.save("src/a", "3")
    api.round(SECOND)
    assert api.save("src/a", "4")
    assert api.sent({"new": SECOND}) == {"new": ["file /app/a 4"]}


def test_what_is_saved_during_a_round_gets_into_the_containers_of_both_images(api: Api) -> None:
    api.round(FIRST)
    api.save("src/a", "2")
    api.sent({"old": FIRST})
    api.image.begin_round()
    assert api.save("src/a", "3")
    assert api.sent({"old": FIRST}) == {"old": ["file /app/a 3"]}
    api.image.end_round(SECOND)
    assert api.sent({"old": FIRST, "new": SECOND}) == {"new": ["file /app/a 3"]}
    assert api.image.is_behind
    api.round("localhost/devenv/api:3")
    assert not api.image.is_behind


def test_a_build_of_what_is_needed_does_not_lose_what_is_saved_meanwhile_and_needs_one_too(api: Api) -> None:
    api.round(FIRST)
    assert not api.save("other", "2")
    api.image.begin_round()
    assert not api.save("other", "3")
    api.image.end_round(SECOND)
    assert not api.save("src/a", "2"), "the image lacks what was saved during the round"
    assert api.sent({"new": SECOND}) == {}


def test_the_dockerfile_and_ignore_rules_take_a_round_before_anything_is_synced_again(api: Api) -> None:
    api.round(FIRST)
    assert not api.save(".dockerignore", "src/b\n")
    assert not api.save("src/a", "2")
    api.round(SECOND)
    assert api.save("src/a", "3")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_sources_that_could_not_be_read_are_built(api: Api) -> None:
    (api.folder / "src").chmod(0)
    api.round(FIRST)
    (api.folder / "src").chmod(0o755)
    assert not api.save("src/a", "2")


def test_a_dockerfile_outside_of_the_context_takes_a_round(tmp_path: Path) -> None:
    api = Api(tmp_path / "api")
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\n")
    recipe = Recipe(dockerfile, api.folder, None, (), ())
    rules = [SyncRule.model_validate({"from": "src", "to": "/app"})]
    image = SyncedImage(WatchedContext("api", recipe), recipe, rules, FileDigests())
    image.begin_round()
    assert not image.save([dockerfile])
    image.end_round(FIRST)
    assert image.save([api.write("src/a", "2")])
    assert not image.save([dockerfile])
    assert not image.save([api.write("src/a", "3")])
