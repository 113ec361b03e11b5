"""The variables by which a template names the images of a stack: `IMAGE_REPO_api`, `IMAGE_TAG_api` and so on.

They are Skaffold's, for its templates to mean the same here. Pure.
Source: https://skaffold.dev/docs/environment/templating/.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from devenv.errors import ImageError
from devenv.spec.helm import go_templates
from devenv.spec.helm.go_templates import TemplateError
from devenv.spec.image_reference import Reference

PARTS = (
    "IMAGE_FULLY_QUALIFIED",
    "IMAGE_REPO_NO_DOMAIN",
    "IMAGE_DOMAIN",
    "IMAGE_DIGEST",
    "IMAGE_NAME",
    "IMAGE_REPO",
    "IMAGE_TAG",
)
"""What a variable begins with; none that another begins with comes before it."""


def suffix(name: str) -> str:
    """How an image is called at the end of a variable: `shop/api-server` is `shop_api_server`."""
    return "".join("_" if character in "-./:" else character for character in name)


def variables_of(images: Mapping[str, str]) -> dict[str, str]:
    """The variables of images, by name to full reference."""
    found: dict[str, str] = {}
    for name, text in images.items():
        for part, value in _parts(name, text).items():
            found[f"{part}_{suffix(name)}"] = value
    return found


def named_images(texts: Iterable[str], images: Collection[str]) -> frozenset[str]:
    """Those of some images that templates name; none of a text that is no template."""
    by_variable = {f"{part}_{suffix(name)}": name for name in images for part in PARTS}
    found: set[str] = set()
    for text in texts:
        found.update(by_variable[name] for name in _names(text) if name in by_variable)
    return frozenset(found)


def _names(text: str) -> tuple[str, ...]:
    try:
        return go_templates.names(text) if go_templates.is_template(text) else ()
    except TemplateError:
        return ()


def _parts(name: str, text: str) -> dict[str, str]:
    try:
        reference = Reference.parse(text)
    except ImageError:
        reference = Reference("", text, "")
    return {
        "IMAGE_NAME": name,
        "IMAGE_REPO": reference.repository,
        "IMAGE_TAG": reference.tag,
        "IMAGE_DIGEST": reference.digest,
        "IMAGE_DOMAIN": reference.registry,
        "IMAGE_REPO_NO_DOMAIN": reference.path,
        "IMAGE_FULLY_QUALIFIED": text,
    }
