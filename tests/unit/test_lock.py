"""How digests get into the catalogue: comments, order and layout stay."""

from __future__ import annotations

import pytest
import yaml

from devenv.spec.load import VERSIONS_FILE
from devenv.workflows.lock import _with_digest

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
CATALOGUE = """\
# What we use.
images:
  redis:
    # The last one with this licence.
    upstream: docker.io/library/redis:7.2.4 # not 7.4
    recipe: cluster/redis
  redis-stack: {upstream: docker.io/library/redis:7.2.4-stack}
  debian: {upstream: "docker.io/library/debian:trixie-slim", debootstrap: trixie} # small
  pause:
    upstream: registry.k8s.io/pause:3.10
"""


def digests(text: str) -> dict[str, str]:
    return {name: image["digest"] for name, image in yaml.safe_load(text)["images"].items() if "digest" in image}


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize(
    ("name", "upstream"),
    [
        ("redis", "docker.io/library/redis:7.2.4"),
        ("redis-stack", "docker.io/library/redis:7.2.4-stack"),
        ("debian", "docker.io/library/debian:trixie-slim"),
        ("pause", "registry.k8s.io/pause:3.10"),
    ],
)
def test_a_digest_is_recorded_and_replaced_at_its_image(name: str, upstream: str) -> None:
    recorded = _with_digest(CATALOGUE, upstream, ONE)
    assert digests(recorded) == {name: ONE}

    replaced = _with_digest(recorded, upstream, TWO)
    assert digests(replaced) == {name: TWO}
    assert replaced == recorded.replace(ONE, TWO)
    assert _with_digest(replaced, upstream, TWO) == replaced


def test_comments_and_order_stay() -> None:
    text = _with_digest(CATALOGUE, "docker.io/library/redis:7.2.4", ONE)
    text = _with_digest(text, "docker.io/library/debian:trixie-slim", TWO)

    assert text.splitlines() == [
        *CATALOGUE.splitlines()[:5],
        f"    digest: {ONE}",
        *CATALOGUE.splitlines()[5:7],
        f'  debian: {{upstream: "docker.io/library/debian:trixie-slim", digest: {TWO}, debootstrap: trixie}} # small',
        *CATALOGUE.splitlines()[8:],
    ]


def test_a_digest_is_recorded_once_for_a_reference_that_two_images_share() -> None:
    text = "images:\n  a: {upstream: r/x:1}\n  b: {upstream: r/x:1}\n"

    assert digests(_with_digest(text, "r/x:1", ONE)) == {"a": ONE, "b": ONE}


def test_an_unknown_reference_changes_nothing() -> None:
    assert _with_digest(CATALOGUE, "docker.io/library/redis:8", ONE) == CATALOGUE


@pytest.mark.parametrize("upstream", ["docker.io/library/redis:7.2", "registry.k8s.io/pause:3"])
def test_a_reference_that_another_begins_with_is_not_that_one(upstream: str) -> None:
    assert _with_digest(CATALOGUE, upstream, ONE) == CATALOGUE


def test_every_image_of_the_catalogue_can_be_locked() -> None:
    former = text = VERSIONS_FILE.read_text(encoding="utf-8")
    images = {name: i["upstream"] for name, i in yaml.safe_load(text)["images"].items() if "upstream" in i}
    for upstream in images.values():
        text = _with_digest(text, upstream, ONE)

    assert digests(text) == dict.fromkeys(images, ONE)
    assert comments(text) == comments(former)
