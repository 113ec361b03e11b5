"""Finds artifacts by their names in values of charts: Skaffold puts the built image wherever a chart names it.

Skaffold does it in what Helm has rendered. Here the values are looked at instead, so that what is installed is what the
chart makes of values. A name that a chart has in a template of its own, and not in values, stays as it is. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from devenv.spec.helm.image_variables import suffix
from devenv.spec.model import Values
from devenv.spec.render import merged

_IMAGE_KEY = re.compile(r"image(\[[0-9]+\])?$", re.IGNORECASE)
_REPOSITORY = ("repository", "image")
"""Keys beside `tag`. Elsewhere only what ends in `image` is one: `name: api` never is."""


def image_places(chart: Values, values: Values, artifacts: Mapping[str, str]) -> tuple[Values, dict[str, str]]:
    """The values with the chart's lists in which images are set, and what is set where.

    Args:
        chart: the chart's own values.
        values: those that go over them.
        artifacts: artifact to the name of devenv's image.
    """
    whole = merged(chart, values)
    found = dict(_places(whole, "", artifacts))
    needed = {key.partition("[")[0] for key in found if "[" in key and "\\" not in key}
    kept = values
    for key in sorted(needed):
        kept = merged(kept, _nested(key.split("."), deepcopy(_at(whole, key.split(".")))))
    return kept, found


def _places(value: Any, above: str, artifacts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        yield from _of_map(value, above, artifacts)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, f"{above}[{index}]", artifacts)
    elif isinstance(value, str) and _IMAGE_KEY.search(above) and (artifact := _named(value, artifacts)):
        yield above, _variable("IMAGE_FULLY_QUALIFIED", artifacts[artifact])


def _of_map(value: Mapping[str, Any], above: str, artifacts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A map of repository and tag takes both; all else is looked into."""
    taken: set[str] = set()
    registry = value.get("registry")
    for key in _REPOSITORY if "tag" in value else ():
        written = value.get(key)
        full = f"{registry}/{written}" if registry else written
        if isinstance(written, str) and full in artifacts:
            image, at = artifacts[str(full)], _below(above, key)
            yield at, _variable("IMAGE_REPO_NO_DOMAIN" if registry else "IMAGE_REPO", image)
            yield _below(above, "tag"), _variable("IMAGE_TAG", image)
            if registry:
                yield _below(above, "registry"), _variable("IMAGE_DOMAIN", image)
            taken |= {key, "tag", "registry"}
            break
    for key, below in value.items():
        if key not in taken:
            yield from _places(below, _below(above, key), artifacts)


def _named(text: str, artifacts: Mapping[str, str]) -> str:
    return next((each for each in artifacts if text == each or text.startswith((f"{each}:", f"{each}@"))), "")


def _variable(part: str, image: str) -> str:
    return f"{{{{.{part}_{suffix(image)}}}}}"


def _below(above: str, key: str) -> str:
    escaped = "".join(f"\\{character}" if character in ".[]=,\\" else character for character in key)
    return f"{above}.{escaped}" if above else escaped


def _at(values: Any, keys: list[str]) -> Any:
    for key in keys:
        values = values[key]
    return values


def _nested(keys: list[str], value: Any) -> Values:
    for key in reversed(keys):
        value = {key: value}
    return dict(value)
