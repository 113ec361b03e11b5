"""Which of the engine's images are needed, and which devenv made once and needs no more."""

from __future__ import annotations

from devenv.adapters.docker.stored_images import StoredImage
from devenv.images.catalogue.inventory import Kind, ListedImage, Usage, images_named, list_images, removable
from devenv.labels import OURS
from devenv.plan.image import Bootstrap, Image

API, OLD_API = "localhost/devenv/api:new", "localhost/devenv/api:old"
DEBIAN = "localhost/devenv/debian:bookworm-1"
REDIS = "docker.io/library/redis:7"
KNOWN: dict[str, tuple[Image, Kind]] = {
    API: (Image("api", "", None, None, API, None), "project"),
    DEBIAN: (Image("debian", "bookworm", None, None, DEBIAN, Bootstrap("bookworm")), "catalogue"),
    REDIS: (Image("redis", "7", REDIS, None, None, None), "catalogue"),
}
NOBODY = Usage(frozenset(), frozenset())


def stored(identity: str, *references: str, ours: bool = True) -> StoredImage:
    return StoredImage(identity, references, 1000, 1, dict(OURS) if ours else {})


ALL = [
    stored("api-new", API),
    stored("api-old", OLD_API),
    stored("debian", DEBIAN),
    stored("dangling"),
    stored("redis", "redis:7", ours=False),
    stored("theirs", "shop/web:1", ours=False),
    stored("theirs on our base", "shop/api:1"),
    stored("their dangling", ours=False),
]


def listed(usage: Usage = NOBODY, images: list[StoredImage] | None = None) -> dict[str, ListedImage]:
    found = list_images(ALL if images is None else images, KNOWN, usage, OURS, {"node-1": {API, OLD_API}})
    return {image.handle: image for image in found}


def doomed(usage: Usage = NOBODY) -> set[str]:
    made = {API, OLD_API, DEBIAN, "dangling"}
    return {image.handle for image in removable(listed(usage).values(), made)}


def test_images_of_others_are_not_listed() -> None:
    assert set(listed()) == {API, OLD_API, DEBIAN, "dangling", "redis:7", "shop/api:1"}


def test_each_image_tells_what_it_is_and_where_it_came_from() -> None:
    found = listed()
    assert {(i.kind, i.origin, i.state) for i in (found[API],)} == {("project", "built", "current")}
    assert (found[DEBIAN].kind, found[DEBIAN].origin) == ("catalogue", "bootstrapped")
    assert (found["redis:7"].name, found["redis:7"].origin) == ("redis", "pulled")
    assert (found[OLD_API].name, found[OLD_API].kind, found[OLD_API].state) == ("api", "project", "old")
    assert found[API].nodes == ("node-1",)
    assert found[DEBIAN].nodes == ()


def test_former_builds_and_dangling_images_are_removable_and_nothing_else() -> None:
    assert doomed() == {OLD_API, "dangling"}


def test_what_a_cluster_names_stays() -> None:
    assert doomed(Usage(frozenset({OLD_API}), frozenset())) == {"dangling"}


def test_what_containers_are_made_of_stays() -> None:
    assert doomed(Usage(frozenset(), frozenset({"api-old", "dangling"}))) == set()


def test_a_cluster_that_cannot_be_asked_keeps_every_name() -> None:
    assert doomed(Usage(frozenset(), frozenset(), ("devenv-other",))) == {"dangling"}


def test_each_name_of_an_image_is_judged_by_itself() -> None:
    found = listed(images=[stored("same", API, OLD_API)])
    assert (found[API].state, found[OLD_API].state) == ("current", "old")


def test_names_of_objects_are_read_in_full_form_and_digests_left_out() -> None:
    words = ["redis:7", API, f"sha256:{'a' * 64}", ""]
    assert images_named(words) == {REDIS, API}
