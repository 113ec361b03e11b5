from __future__ import annotations

import pytest

from devenv.errors import ImageError
from devenv.spec.image_reference import Reference, normalise

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("traefik", "docker.io/library/traefik:latest"),
        ("traefik:v3", "docker.io/library/traefik:v3"),
        ("kindest/node:v1", "docker.io/kindest/node:v1"),
        ("docker.io/traefik:v3", "docker.io/library/traefik:v3"),
        ("index.docker.io/library/traefik:v3", "docker.io/library/traefik:v3"),
        ("localhost/devenv/x:1-abc", "localhost/devenv/x:1-abc"),
        ("localhost:5000/x", "localhost:5000/x:latest"),
        ("registry.k8s.io/coredns/coredns:v1.14.2", "registry.k8s.io/coredns/coredns:v1.14.2"),
        (f"ghcr.io/a/b@{DIGEST}", f"ghcr.io/a/b@{DIGEST}"),
        (f"ghcr.io/a/b:1@{DIGEST}", f"ghcr.io/a/b:1@{DIGEST}"),
        ("[::1]:5000/x:1", "[::1]:5000/x:1"),
    ],
)
def test_references_have_one_full_form(text: str, full: str) -> None:
    assert normalise(text) == full
    assert normalise(full) == full
    assert str(Reference.parse(full)) == full


@pytest.mark.parametrize("text", ["", ":", "UPPER", "a b", "a:b c", "a@sha256:1", "x//y", "a:-b", "http://a/b"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ImageError, match="not an image reference"):
        normalise(text)
