"""The label by which devenv knows what it made in the engine for all projects, and labels as filters."""

from __future__ import annotations

from collections.abc import Mapping

MADE_BY = "devenv.io/made-by"
"""On what projects share, such as images."""
OURS: Mapping[str, str] = {MADE_BY: "devenv"}
IMAGE = "devenv.io/image"
"""On an image: the reference that it was made as. What is built on it inherits that, and is called something else."""
LOCK = "devenv.io/lock"
"""On a lock's container: what is locked."""
RUN = "devenv.io/run"
"""On what a run makes for itself alone: the ID of its lock's container, which is there for as long as the run."""


def as_filter(labels: Mapping[str, str]) -> list[str]:
    """Labels as the engine's API filters by them; an empty value asks for any value."""
    return [f"{name}={value}" if value else name for name, value in labels.items()]
