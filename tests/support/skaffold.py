"""Skaffold configurations, and projects that import them."""

from __future__ import annotations

from pathlib import Path

from devenv.adapters.files.paths import data_root
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace

CHART = {"Chart.yaml": "{apiVersion: v2, name: chart, version: 0.1.0}\n"}
"""The least that is a chart."""


def load(root: Path, profile: str | None = None) -> Workspace:
    """The project of a folder."""
    return load_workspace(root, data_root=data_root(), profile=profile)


def config(body: str, version: str = "v4beta11", name: str = "apps") -> str:
    """A configuration with the lines that each begins with."""
    return f"apiVersion: skaffold/{version}\nkind: Config\nmetadata: {{name: {name}}}\n{body}"
