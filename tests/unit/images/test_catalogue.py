from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import ImageError
from devenv.images.catalogue.catalogue import Catalogue, own_reference
from devenv.images.content.fingerprint import hash_of
from devenv.plan.image import Mode, Recipe
from devenv.plan.observed import ObservedImages
from devenv.plan.provision import Provision, choose, provision_images, registries_to_ask
from devenv.plan.steps import AssembleNodeImage, BootstrapImage, BuildImage, PullImage
from devenv.spec.local_image import LocalImage
from devenv.spec.versions import NODE, Versions

IMAGES: dict[str, dict[str, Any]] = {
    "debian": {"upstream": "debian:13-slim", "debootstrap": "trixie"},
    "golang": {
        "upstream": "docker.io/library/golang:1.26",
        "recipe": "golang",
        "bases": {"DEBIAN": "debian"},
    },
    "traefik": {
        "upstream": "docker.io/library/traefik:v3.6.12",
        "recipe": "traefik",
        "bases": {"GOLANG": "golang"},
        "args": {"VERSION": "v3"},
    },
    "search": {"upstream": "ghcr.io/example/search:1"},
    "migrations": {"recipe": "atlas", "context": "migrations", "bases": {"GOLANG": "golang"}},
    "base": {
        "upstream": "kindest/node:v1",
        "recipe": "node",
        "target": "node",
        "bases": {"GOLANG": "golang"},
    },
    "etcd": {"recipe": "node", "target": "etcd", "bases": {"GOLANG": "golang"}, "version": "v3.6"},
}
TOOL = {
    "version": "0.29.1",
    "accept": ">=0.17",
    "download": "https://example.org/x",
    "checksum": "https://example.org/x.sum",
    "recipe": "tools",
    "target": "buildx",
    "bases": {"GOLANG": "golang"},
}
LOCAL = {"backend": LocalImage(context="backend", bases={"GOLANG": "golang"}, network="none")}
ROOT = Path("/data")


def fake_hash(recipe: Recipe, bases: tuple[str, ...]) -> str:
    """A pure stand-in for reading files: everything that the recipe names."""
    return hash_of(str(recipe), *bases)


def catalogue(
    images: dict[str, dict[str, Any]] | None = None,
    locked: dict[str, str] | None = None,
    mirrors: dict[str, str] | None = None,
) -> Catalogue:
    node = {"kubernetes": "v1.36", "image": "base", "system_images": {"registry.k8s.io/etcd:3": "etcd"}}
    versions = Versions.model_validate(
        {"tools": {"buildx": TOOL}, "modules": {}, "node": node, "images": images or IMAGES}
    )
    return Catalogue(versions, ROOT, fake_hash, LOCAL, Path("/project"), locked=locked, mirrors=mirrors)


def provided(
    images: Catalogue,
    names: Sequence[str],
    mode: Mode,
    present: AbstractSet[str],
    registries: Mapping[str, bool],
    *,
    chosen: Mapping[str, str] | None = None,
) -> Sequence[Provision]:
    seen = ObservedImages(images.described(names), frozenset(present), registries)
    return provision_images(seen, names, mode, chosen).steps


def own(name: str) -> str:
    reference = catalogue()[name].own
    assert reference
    return reference


def keys(steps: Iterable[tuple[Any, frozenset[str]]]) -> list[str]:
    return [step.key for step, _ in steps]


def test_own_references_carry_version_and_hash() -> None:
    assert own("traefik").startswith("localhost/devenv/traefik:v3.6.12-")
    assert own("etcd").startswith("localhost/devenv/etcd:v3.6-")
    assert own("debian").startswith("localhost/devenv/debian:trixie-")
    assert own("node").startswith("localhost/devenv/node:v1.36-")
    name, _, tag = own("backend").rpartition(":")
    assert (name, len(tag)) == ("localhost/devenv/backend", 12)
    assert own_reference("x", "1.0+build/3", "a" * 64) == "localhost/devenv/x:1.0-build-3-aaaaaaaaaaaa"


def test_a_changed_base_changes_all_that_is_built_from_it() -> None:
    changed = {**IMAGES, "debian": {"upstream": "debian:13-slim", "debootstrap": "forky"}}
    other = catalogue(changed)
    for name in ("debian", "golang", "traefik", "migrations", "base", "node", "backend"):
        assert other[name].own != own(name), name
    changed = {**IMAGES, "traefik": {**IMAGES["traefik"], "args": {"VERSION": "v4"}}}
    other = catalogue(changed)
    assert other["traefik"].own != own("traefik")
    assert other["golang"].own == own("golang")


def test_circles_and_unknown_names_are_told() -> None:
    images = {**IMAGES, "golang": {**IMAGES["golang"], "bases": {"X": "traefik"}}}
    with pytest.raises(ImageError, match="traefik -> golang -> traefik"):
        catalogue(images)["traefik"]
    with pytest.raises(ImageError, match="no image nonsense"):
        catalogue()["nonsense"]


def test_what_is_there_is_taken_without_asking_anyone() -> None:
    image = catalogue()["traefik"]
    for mode, reference in (
        ("auto", image.upstream),
        ("auto", image.own),
        ("upstream", image.upstream),
        ("recipes", image.own),
    ):
        assert reference
        choice = choose(image, mode, {reference}, {})  # type: ignore[arg-type]
        assert (choice.reference, choice.origin) == (reference, "present")
        assert not registries_to_ask(catalogue().described(["traefik"]), ["traefik"], mode, {reference})  # type: ignore[arg-type]


def test_auto_pulls_where_the_registry_answers_and_makes_the_image_elsewhere() -> None:
    image = catalogue()["traefik"]
    assert choose(image, "auto", set(), {"docker.io": True}).origin == "pull"
    assert choose(image, "auto", set(), {"docker.io": False}).origin == "build"
    assert choose(image, "auto", set(), {}).origin == "build"
    assert choose(image, "recipes", set(), {"docker.io": True}).origin == "build"
    assert choose(catalogue()["debian"], "auto", set(), {}).origin == "bootstrap"
    assert choose(catalogue()["node"], "auto", set(), {}).origin == "assemble"
    assert choose(catalogue()["node"], "auto", set(), {"docker.io": True}).reference == "kindest/node:v1"


PLACE = "/project/devenv.lock:7"
DIGEST = f"sha256:{'1' * 64}"


def test_what_is_locked_is_never_replaced_by_what_a_recipe_makes() -> None:
    """It is the recorded digest, or an error that says where it is recorded and what helps."""
    images = {**IMAGES, "traefik": {**IMAGES["traefik"], "digest": DIGEST}}
    traefik = str(IMAGES["traefik"]["upstream"])
    locked = catalogue(images, {traefik: PLACE})
    image = locked["traefik"]
    assert image.own
    for mode in ("auto", "upstream"):
        for there in (set[str](), {image.own}):
            assert registries_to_ask(locked.described(["traefik"]), ["traefik"], mode, there) >= {"docker.io"}
            assert choose(image, mode, there, {"docker.io": True}).reference == traefik
            with pytest.raises(ImageError, match="image traefik is locked to a digest") as caught:
                choose(image, mode, there, {"docker.io": False})
            assert caught.value.context == {"reference": f"{traefik}@{DIGEST}", "locked by": PLACE}
            assert "devenv up --images recipes" in caught.value.hint
            assert "remove that line of devenv.lock" in caught.value.hint
        assert choose(image, mode, {image.own, traefik}, {}).reference == traefik
    assert choose(image, "recipes", {traefik}, {}).reference == image.own


def test_what_a_recipe_is_built_from_is_locked_too() -> None:
    golang = str(IMAGES["golang"]["upstream"])
    locked = catalogue(locked={golang: PLACE})
    own_golang = locked["golang"].own
    assert own_golang
    with pytest.raises(ImageError, match="image golang is locked"):
        provided(locked, ["backend"], "auto", {own_golang}, {"docker.io": False})
    assert keys(provided(locked, ["backend"], "recipes", {own_golang}, {})) == ["image/backend"]


def test_the_node_is_locked_by_its_base() -> None:
    locked = catalogue(locked={"kindest/node:v1": PLACE})
    with pytest.raises(ImageError, match="image node is locked"):
        choose(locked["node"], "auto", {str(locked["node"].own)}, {})


def test_images_of_the_project_are_built_in_every_mode() -> None:
    for mode in ("auto", "upstream", "recipes"):
        assert choose(catalogue()["backend"], mode, set(), {"docker.io": True}).origin == "build"


def test_what_can_be_had_from_nowhere_is_an_error_with_a_way_out() -> None:
    with pytest.raises(ImageError, match=r"docker\.io does not answer") as caught:
        choose(catalogue()["traefik"], "upstream", set(), {"docker.io": False})
    assert "--images auto" in caught.value.hint
    with pytest.raises(ImageError, match=r"ghcr\.io does not answer") as caught:
        choose(catalogue()["search"], "auto", set(), {"ghcr.io": False})
    assert "no recipe" in caught.value.hint
    with pytest.raises(ImageError, match="has no recipe"):
        choose(catalogue()["search"], "recipes", set(), {"ghcr.io": True})


def test_registries_are_asked_for_all_that_may_be_pulled() -> None:
    wanted = ["search", "backend"]
    assert registries_to_ask(catalogue().described(wanted), wanted, "auto", set()) == {"ghcr.io", "docker.io"}
    assert registries_to_ask(catalogue().described(wanted), wanted, "auto", {own("golang")}) == {"ghcr.io"}
    assert not registries_to_ask(catalogue().described(wanted), wanted, "recipes", set())


def test_steps_make_bases_first_and_only_where_something_is_built() -> None:
    steps = provided(catalogue(), ["traefik", "migrations"], "auto", set(), {})
    assert keys(steps) == ["image/debian", "image/golang", "image/migrations", "image/traefik"]
    bootstrap, golang, migrations, traefik = steps
    assert bootstrap == (BootstrapImage("debian", own("debian"), "trixie"), frozenset())
    assert golang[1] == {"image/debian", "tool/buildx"}
    assert traefik[1] == {"image/golang", "tool/buildx"}
    assert isinstance(traefik[0], BuildImage)
    assert traefik[0].args == (("VERSION", "v3"), ("GOLANG", own("golang")))
    assert traefik[0].dockerfile == ROOT / "traefik/Dockerfile"
    assert isinstance(migrations[0], BuildImage)
    assert migrations[0].context == ROOT / "migrations"
    assert not provided(catalogue(), ["traefik"], "auto", {own("traefik")}, {})


def test_bases_are_pulled_for_what_has_to_be_built() -> None:
    steps = provided(catalogue(), ["backend"], "auto", set(), {"docker.io": True})
    assert steps[0][0] == PullImage("golang", "docker.io/library/golang:1.26", replaceable=True)
    build = steps[-1][0]
    assert isinstance(build, BuildImage)
    assert build.reference == own("backend")
    assert dict(build.args)["GOLANG"] == "docker.io/library/golang:1.26"
    assert (build.context, build.network) == (Path("/project/backend"), "none")


def test_a_recorded_digest_pins_the_pull() -> None:
    digest = f"sha256:{'a' * 64}"
    images = {**IMAGES, "traefik": {**IMAGES["traefik"], "digest": digest}}
    steps = provided(catalogue(images), ["traefik"], "auto", set(), {"docker.io": True})
    pinned = f"docker.io/library/traefik:v3.6.12@{digest}"
    assert steps == ((PullImage("traefik", pinned, advised=True, replaceable=True), frozenset()),)
    locked = catalogue(images, {"docker.io/library/traefik:v3.6.12": "devenv.lock:3"})
    steps = provided(locked, ["traefik"], "auto", set(), {"docker.io": True})
    assert steps == ((PullImage("traefik", pinned), frozenset()),)


def test_a_mirror_is_asked_and_pulled_from_and_names_stay_upstreams() -> None:
    mirrors = {"docker.io": "mirror.example:5000/hub"}
    images = {**IMAGES, "traefik": {**IMAGES["traefik"], "digest": DIGEST}}
    mirrored = catalogue(images, {}, mirrors)
    assert registries_to_ask(mirrored.described(["traefik", "search"]), ["traefik", "search"], "upstream", set()) >= {
        "mirror.example:5000",
        "ghcr.io",
    }
    answering = {"mirror.example:5000": True, "ghcr.io": True, "docker.io": False}
    steps = [step for step, _ in provided(mirrored, ["traefik", "search", NODE], "upstream", set(), answering)]
    upstream = "docker.io/library/traefik:v3.6.12"
    assert {step.image: step for step in steps if isinstance(step, PullImage)} == {
        "traefik": PullImage(
            "traefik", f"{upstream}@{DIGEST}", f"mirror.example:5000/hub/library/traefik:v3.6.12@{DIGEST}", advised=True
        ),
        "search": PullImage("search", "ghcr.io/example/search:1"),
        NODE: PullImage(NODE, "kindest/node:v1", "mirror.example:5000/hub/kindest/node:v1"),
    }
    assert choose(mirrored["traefik"], "upstream", set(), answering).reference == upstream
    assert sorted(mirrored["traefik"].pinned) == [
        f"docker.io/library/traefik@{DIGEST}",
        f"mirror.example:5000/hub/library/traefik@{DIGEST}",
    ]
    assert mirrored["traefik"].own == catalogue(images)["traefik"].own
    with pytest.raises(ImageError, match=r"mirror\.example:5000 does not answer"):
        choose(mirrored["traefik"], "upstream", set(), {"docker.io": True})


def test_the_node_is_assembled_from_recipes_or_pulled_whole() -> None:
    steps = provided(catalogue(), [NODE], "auto", {own("golang"), "kindest/node:v1x"}, {})
    assert keys(steps) == ["image/base", "image/etcd", "image/node"]
    node = steps[-1]
    assert node == (
        AssembleNodeImage(NODE, own("node"), own("base"), (("registry.k8s.io/etcd:3", own("etcd")),)),
        frozenset({"image/base", "image/etcd"}),
    )
    pulled = provided(catalogue(), [NODE], "auto", set(), {"docker.io": True})
    assert pulled == ((PullImage(NODE, "kindest/node:v1", replaceable=True), frozenset()),)


def test_a_reference_that_charts_already_carry_is_kept() -> None:
    chosen = {"traefik": own("traefik")}
    present = {own("golang"), "docker.io/library/traefik:v3.6.12"}
    steps = provided(catalogue(), ["traefik"], "auto", present, {"docker.io": True}, chosen=chosen)
    assert [step.reference for step, _ in steps if isinstance(step, BuildImage)] == [own("traefik")]


def test_a_tool_is_built_from_its_bases_and_only_once() -> None:
    buildx = catalogue().tool("buildx")
    described = {buildx.name: buildx, **catalogue().described(buildx.needs)}
    steps = provision_images(ObservedImages(described), [buildx.name], "auto").steps
    assert keys(steps) == ["image/debian", "image/golang", "image/tool-buildx"]
    assert buildx.own
    assert buildx.own.startswith("localhost/devenv/tool-buildx:0.29.1-")
    assert not provision_images(ObservedImages(described, frozenset({buildx.own})), [buildx.name], "auto").steps


@given(
    st.lists(st.sampled_from([*IMAGES, *LOCAL, NODE]), unique=True),
    st.sampled_from(["auto", "upstream", "recipes"]),
    st.booleans(),
    st.booleans(),
    st.sets(st.sampled_from([*IMAGES, *LOCAL, NODE])),
)
def test_steps_are_complete_and_in_order(
    names: list[str],
    mode: Mode,
    docker: bool,  # noqa: FBT001 -- drawn
    ghcr: bool,  # noqa: FBT001 -- drawn
    there: set[str],
) -> None:
    images = catalogue()
    present = {images[name].own or images[name].upstream or "" for name in there}
    try:
        steps = provided(images, names, mode, present, {"docker.io": docker, "ghcr.io": ghcr})
    except ImageError:
        return  # a combination in which something can be had from nowhere
    made: set[str] = set()
    known = set(keys(steps))
    assert len(known) == len(steps)
    for step, needs in steps:
        assert needs & known <= made
        made.add(step.key)
        assert isinstance(step, (PullImage, BuildImage, BootstrapImage, AssembleNodeImage))
        assert step.reference not in present
        if isinstance(step, BuildImage):
            references = present | {s.reference for s, _ in steps if hasattr(s, "reference")}
            for _, base in step.args:
                assert base in references or not base.startswith(("localhost/", "docker.io/"))
