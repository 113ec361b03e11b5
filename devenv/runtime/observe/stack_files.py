"""The files that a stack is made of: all that Helm and kustomize read, wherever it lies.

Responsible for finding them: through links, as both programs follow them, and by the paths that kustomizations and
charts name. Rather too many count than too few; what is fetched from elsewhere by a URL is not looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from devenv.adapters.charts.charts import local_dependencies
from devenv.spec.stack import KUSTOMIZATION_FILES
from devenv.spec.yaml.loader import Loader

_GENERATORS = ("configMapGenerator", "secretGenerator")
_PLUGINS = ("generators", "transformers", "validators")
"""Keys of a kustomization that hold YAML, or name files with YAML, in which further files are named."""


def files_below(top: Path) -> list[Path]:
    """The file itself, or all files of a folder, sorted; folders behind links included."""
    return [top] if top.is_file() else sorted(_walk(top, frozenset()))


def _walk(folder: Path, above: frozenset[tuple[int, int]]) -> Iterator[Path]:
    facts = folder.stat()
    identity = (facts.st_dev, facts.st_ino)
    if identity in above:
        return  # a link to a folder that it lies in
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            # Not by the entry itself, which raises where links lead to each other in a circle.
            if path.is_dir():
                yield from _walk(path, above | {identity})
            elif path.is_file():
                yield path


def chart_files(chart: Path) -> list[Path]:
    """The files of a chart, and those of the charts beside it that it depends on."""
    found, waiting, seen = list[Path](), [chart], set[Path]()
    while waiting:
        folder = waiting.pop()
        if folder.resolve() in seen or not folder.is_dir():
            continue
        seen.add(folder.resolve())
        found += files_below(folder)
        waiting += local_dependencies(folder).values()
    return found


def kustomization_of(folder: Path) -> Path | None:
    """The file that makes a folder a kustomization; None where there is none."""
    return next((folder / name for name in KUSTOMIZATION_FILES if (folder / name).is_file()), None)


def kustomization_files(folder: Path) -> list[Path]:
    """The files that a kustomization names: bases, components, patches, files of generators and whatever those name.

    Kustomize follows the links to a folder before it joins the paths to it that are written there (`ConfirmDir` of its
    file systems), so `../base` lies beside the folder that a link leads to.
    """
    found, waiting = dict[Path, None](), [folder]
    while waiting:
        place = waiting.pop()
        if place in found:
            continue
        if place.is_dir():
            place = place.resolve()
            files = [place / name for name in KUSTOMIZATION_FILES if (place / name).is_file()] or files_below(place)
            waiting += [file for file in files if file not in found]
            continue
        found[place] = None
        if place.name in KUSTOMIZATION_FILES:
            waiting += _named(_documents(place), place.parent)
            waiting += _named(_plugins(place), place.parent)
    return sorted(found)


def kustomization_variables(files: Iterable[Path]) -> list[str]:
    """Variables of the environment that kustomizations among files take values from: env files' lines without `=`.

    Source: `keyValuesFromLine` in kustomize's api/kv/kv.go.
    """
    names = set[str]()
    for kustomization in files:
        if kustomization.name in KUSTOMIZATION_FILES:
            for file in _env_files(kustomization):
                lines = [line.lstrip() for line in file.read_text(encoding="utf-8-sig", errors="replace").splitlines()]
                names.update(line for line in lines if line and not line.startswith("#") and "=" not in line)
    return sorted(names)


def _env_files(kustomization: Path) -> Iterator[Path]:
    listed = [
        document.get(key) for document in _documents(kustomization) if isinstance(document, dict) for key in _GENERATORS
    ]
    generators = [item for items in listed if isinstance(items, list) for item in items] + _plugins(kustomization)
    named = [g[key] for g in generators if isinstance(g, dict) for key in ("env", "envs") if key in g]
    yield from (path for path in _named(named, kustomization.parent) if path.is_file())


def _plugins(kustomization: Path) -> list[Any]:
    """What a kustomization's plugins say: in files that it names, or in itself as texts of several lines."""
    own = [document for document in _documents(kustomization) if isinstance(document, dict)]
    listed = [value for document in own for key in _PLUGINS if (value := document.get(key))]
    named = [path for path in _named(listed, kustomization.parent) if path.is_file()]
    inline = [text for texts in listed if isinstance(texts, list) for text in texts if "\n" in str(text)]
    return [document for path in named for document in _documents(path)] + [d for text in inline for d in _parsed(text)]


def _documents(file: Path) -> list[Any]:
    return _parsed(file.read_bytes())


def _parsed(text: str | bytes) -> list[Any]:
    try:
        return list(yaml.load_all(text, Loader))
    except yaml.YAMLError:
        return []  # kustomize says what is wrong; the file itself counts in any case


def _named(value: Any, folder: Path) -> Iterator[Path]:
    """Existing files and folders that a text in a document names; generators write `key=path`."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _named(item, folder)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item, folder)
    elif isinstance(value, str) and value and "\n" not in value:
        for text in {value, value.partition("=")[2]} - {""}:
            path = Path(os.path.normpath(folder / text))
            if _exists(path):
                yield path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text that is no path: too long, or with a zero byte
        return False
