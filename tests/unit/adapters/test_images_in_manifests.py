"""The image that a manifest names, and the one that is built for it."""

from __future__ import annotations

import pytest

from devenv.adapters.kubernetes.manifests import with_images

BUILT = [("shop/api", "localhost/devenv/shop-api:abc")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- image: shop/api", "- image: localhost/devenv/shop-api:abc"),
        ("image: shop/api:1.2 # ours", "image: localhost/devenv/shop-api:abc # ours"),
        ("image: 'shop/api@sha256:0a'", "image: 'localhost/devenv/shop-api:abc'"),
        ('{"image":"shop/api","x":1}', '{"image":"localhost/devenv/shop-api:abc","x":1}'),
        ("{name: a, image: shop/api}", "{name: a, image: localhost/devenv/shop-api:abc}"),
        ("a\nimage: shop/api\r\nb", "a\nimage: localhost/devenv/shop-api:abc\r\nb"),
        ("image: shop/api-gateway", "image: shop/api-gateway"),
        ("image: other/shop/api", "image: other/shop/api"),
        ("name: shop/api", "name: shop/api"),
        ("myimage: shop/api", "myimage: shop/api"),
    ],
)
def test_only_references_of_the_image_are_replaced(text: str, expected: str) -> None:
    assert with_images(text, BUILT) == expected


def test_without_images_a_text_stays_as_it_is() -> None:
    assert with_images("image: shop/api", []) == "image: shop/api"
