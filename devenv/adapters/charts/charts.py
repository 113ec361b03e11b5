"""Copies of charts, made complete for Helm: without dependencies that are not wanted, with those that lie beside them.

A module's folder is read-only and shared, and a chart in it may name dependencies that are switched off, but
whose home is out of reach: Helm refuses such a chart even when it is complete without them. A dependency in a folder
(`repository: file://../common`) Helm takes only from an archive that somebody has packed before.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from devenv.adapters.files.scratch import scratch
from devenv.errors import Problem, SpecError

_WRITABLE = 0o755, 0o644
_IN_A_FOLDER = "file://"


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


def local_dependencies(chart: Path) -> dict[str, Path]:
    """The names of a chart's dependencies that are folders beside it, with these folders, which may be missing.

    Beside the chart itself, where a link leads to it.
    """
    chart = chart.resolve()
    description = chart / "Chart.yaml"
    if not description.is_file():
        return {}
    try:
        document = yaml.safe_load(description.read_bytes())
    except yaml.YAMLError:
        return {}  # Helm says what is wrong with it
    listed = document.get("dependencies") if isinstance(document, dict) else None
    places = {d["name"]: str(d.get("repository") or "") for d in listed or () if isinstance(d, dict) and "name" in d}
    return {
        name: Path(os.path.normpath(chart / place.removeprefix(_IN_A_FOLDER)))
        for name, place in places.items()
        if place.startswith(_IN_A_FOLDER)
    }


@contextmanager
def complete(chart: str) -> Iterator[str]:
    """The chart for Helm: a copy with its dependencies that lie in folders where there are such, else itself."""
    if not Path(chart).is_absolute() or not local_dependencies(Path(chart)):
        yield chart
        return
    with scratch() as folder:
        target = folder / Path(chart).name
        copy_chart(Path(chart), target)
        _bring(Path(chart), target)
        yield str(target)


def _bring(source: Path, target: Path, above: frozenset[Path] = frozenset()) -> None:
    """Put the folders that a chart depends on into its copy, in place of archives of them."""
    for name, folder in local_dependencies(source).items():
        if folder.resolve() in above:
            raise SpecError(
                [Problem(source / "Chart.yaml", 1, "dependencies", f"the chart depends on itself, by {name}")]
            )
        _remove_dependency(target, name)
        copy_chart(folder, target / "charts" / name)
        _bring(folder, target / "charts" / name, above | {source.resolve(), folder.resolve()})


def _remove_dependency(chart: Path, name: str) -> None:
    shutil.rmtree(chart / "charts" / name, ignore_errors=True)
    for archive in (chart / "charts").glob(f"{name}-*.tgz"):
        archive.unlink()


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
        _remove_dependency(chart, name)
