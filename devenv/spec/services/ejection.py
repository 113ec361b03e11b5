"""A service or database as the files of a stack: what `devenv eject` writes. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devenv.spec.model import Values
from devenv.spec.read.discover import STACK_FILE
from devenv.spec.stack import StackSpec

_WIDTH = 120


@dataclass(frozen=True, slots=True)
class EjectedStack:
    """The files of a stack, beside its chart."""

    folder: Path
    files: Mapping[str, str]
    """Path below the folder to text."""
    chart: str
    """Name of the chart that devenv ships, of which the stack gets a copy."""


def ejected(
    spec: StackSpec, profile_values: Mapping[str, Values], root: Path, stacks: Path, written: str
) -> EjectedStack:
    """The stack that a service or database is, for a folder of its own.

    Args:
        spec: what it was translated into.
        profile_values: what it changes under each profile.
        root: the project's folder, which the paths in it are relative to.
        stacks: the folder of the project's own stacks.
        written: as it is in devenv.yaml, for whoever reads the stack.
    """
    folder = stacks / spec.layer / spec.name
    data = spec.model_dump(mode="json", exclude_defaults=True)
    if spec.secrets:  # which say what they are written with
        data["secrets"] = [secret.model_dump(mode="json", exclude_unset=True) for secret in spec.secrets]
    (source,) = data["sources"]
    chart = source["chart"].pop("builtin")
    source["chart"]["path"] = "chart"
    _move(data, Path(os.path.relpath(root, folder)))
    comment = "".join(f"#{f'   {line}' if line.strip() else ''}\n" for line in written.splitlines())
    files = {STACK_FILE: f"# Taken out of devenv.yaml, where it was written as\n{comment}{_yaml(data)}"}
    files |= {f"values/{profile}.yaml": _yaml(values) for profile, values in profile_values.items()}
    return EjectedStack(folder, files, chart)


def _move(data: dict[str, Any], up: Path) -> None:
    """Have the paths of a stack begin at its folder."""
    for image in data.get("images", {}).values():
        if build := image.get("build"):
            build["context"] = (up / build["context"]).as_posix()
    for carried in data.get("config_maps", ()):
        carried["folder"] = (up / carried["folder"]).as_posix()
    if files := data.get("files"):
        data["files"] = {place: (up / path).as_posix() for place, path in files.items()}
    database = data.get("database", {})
    for key in ("migrations", "seeds"):
        if key in database:
            database[key] = (up / database[key]).as_posix()


def _yaml(data: Any) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=_WIDTH)
