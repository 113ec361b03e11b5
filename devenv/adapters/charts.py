"""Copies of charts from inside modules: writable, and without the dependencies that are not wanted.

A module's folder is read-only and shared, and a chart in it may name dependencies that are switched off, but
whose home is out of reach: Helm refuses such a chart even when it is complete without them.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml

from devenv.errors import Problem, SpecError

_WRITABLE = 0o755, 0o644


def copy_chart(source: Path, target: Path, drop_dependencies: Sequence[str] = ()) -> Path:
    """Copy a chart to `target`, which must not exist, without some of its dependencies; returns `target`.

    Raises:
        SpecError: there is no chart, or it has no dependency of that name.
    """
    description = source / "Chart.yaml"
    if not description.is_file():
        raise SpecError([Problem(source, 1, "", "there is no chart here: Chart.yaml is missing")])
    shutil.copytree(source, target, symlinks=False, copy_function=shutil.copyfile)
    for path in (target, *target.rglob("*")):
        path.chmod(_WRITABLE[0] if path.is_dir() else _WRITABLE[1])
    if drop_dependencies:
        _drop(target, description, drop_dependencies)
    return target


def _drop(chart: Path, description: Path, names: Sequence[str]) -> None:
    document = yaml.safe_load(description.read_text(encoding="utf-8"))
    dependencies = document.get("dependencies") or []
    known = {dependency["name"] for dependency in dependencies}
    if unknown := [name for name in names if name not in known]:
        raise SpecError([Problem(description, 1, "dependencies", f"there is no dependency {name}") for name in unknown])
    document["dependencies"] = [d for d in dependencies if d["name"] not in names]
    (chart / "Chart.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    # The lock is a digest over all dependencies: Helm would find it out of date.
    (chart / "Chart.lock").unlink(missing_ok=True)
    for name in names:
        shutil.rmtree(chart / "charts" / name, ignore_errors=True)
        for archive in (chart / "charts").glob(f"{name}-*.tgz"):
            archive.unlink()
