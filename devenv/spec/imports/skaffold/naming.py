"""Names of stacks, layers and images for what Skaffold calls as it likes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LAYER = re.compile(r"(?P<number>[0-9]{2})-[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST = 63
_LAST_LAYER = 99


def slug(text: str) -> str:
    """A name of lower-case letters, digits and dashes, like a text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST].strip("-")


def image_name(artifact: str) -> str:
    """An artifact's name without its registry: `gcr.io/shop/api` is `shop-api`."""
    registry, slash, rest = artifact.partition("/")
    is_registry = bool(slash) and ("." in registry or ":" in registry or registry == "localhost")
    return slug(rest if is_registry else artifact)


def layers(names: Sequence[str]) -> list[str]:
    """A layer for each configuration, in their order.

    Names that are layers already, in ascending order, stay; else all are numbered.
    """
    plain = [slug(name) or "skaffold" for name in names]
    numbers = [found["number"] for name in plain if (found := _LAYER.fullmatch(name))]
    if len(numbers) == len(plain) and numbers == sorted(numbers):
        return plain
    bare = [re.sub(r"^[0-9]+-", "", name) for name in plain]
    return [f"{min(number, _LAST_LAYER):02d}-{name}" for number, name in enumerate(bare, 1)]
