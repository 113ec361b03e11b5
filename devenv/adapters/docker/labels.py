"""Labels as the engine's API filters by them."""

from __future__ import annotations

from collections.abc import Mapping


def as_filter(labels: Mapping[str, str]) -> list[str]:
    """Labels as the engine's API filters by them; an empty value asks for any value."""
    return [f"{name}={value}" if value else name for name, value in labels.items()]
