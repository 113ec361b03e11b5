"""What is made for Grafana, read by Grafana's own published models (grafana-foundation-sdk, Apache-2.0).

These know every field of a dashboard, and of the options of each kind of panel; what they do not know they leave out,
so what comes back has to be what went in. They are a release older than the image; against `@grafana/schema` of the
image's own release, TypeScript's types, it was compared by hand: 464 objects, no difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from devenv.grafana.__main__ import MADE


def lost(before: Any, after: Any, at: str = "") -> Iterator[str]:
    """What of the first is not in the second, which may have defaults beside."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            yield from lost(value, after[key], f"{at}.{key}") if key in after else [f"{at}.{key}"]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from lost(one, other, f"{at}[{index}]")
    elif before != after:
        yield f"{at}: {before} is {after}"


@pytest.mark.parametrize("file", sorted(MADE.glob("*.json")), ids=lambda file: file.stem)
def test_grafanas_models_know_every_field(file: Path) -> None:
    register_default_plugins()
    content = json.loads(file.read_text())

    assert list(lost(content, read_and_written(content))) == []


def test_a_field_that_grafana_does_not_know_is_found() -> None:
    register_default_plugins()
    panel = {"type": "stat", "title": "a", "options": {"colorModes": "value"}, "gridPosition": {}}

    assert list(lost({"panels": [panel]}, read_and_written({"panels": [panel]}))) == [
        ".panels[0].options.colorModes",
        ".panels[0].gridPosition",
    ]


def read_and_written(content: Any) -> Any:
    return json.loads(JSONEncoder().encode(Dashboard.from_json(content)))
