"""Many kustomizations rendered by one kubectl, which reads the schemas of all kinds once for all of them.

Responsible for telling them apart again: in a wrapper of each, names get a prefix, so that two may hold the same, and
objects an annotation. Both are taken away from what comes out. The hashes behind generated names are others than those
of a rendering alone, which is why only what is examined is rendered so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from devenv.adapters.charts import kustomize
from devenv.adapters.files.scratch import scratch
from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.errors import DevenvError
from devenv.plan.steps import ApplyManifests
from devenv.runtime.observe.stack_files import kustomization_of

TOGETHER = 15
"""How many are rendered at once: what one fails of is rendered again in halves."""
_MARK = "devenv.io/one-of"
_ALONE = (b"openapi", b"crds", b"vars", b"buildMetadata")
"""Keys of kustomizations that count for a whole rendering."""


def chunks(steps: Iterable[ApplyManifests]) -> Iterator[list[ApplyManifests]]:
    """The kustomizations among steps that can be rendered with others, so many at a time."""
    able = [step for step in steps if step.kustomize and not step.module and _is_able(Path(step.path))]
    for begin in range(0, len(able), TOGETHER):
        yield able[begin : begin + TOGETHER]


def render_together(steps: Sequence[ApplyManifests], kubectl: Kubectl) -> dict[int, list[Json]]:
    """The objects of kustomizations, by their places in `steps`; those that are refused are left out."""
    if len(steps) < 2:  # noqa: PLR2004 -- one alone is rendered as it is, for its error
        return {}
    try:
        with scratch() as folder:
            text = kustomize.build(kubectl, _wrapped(steps, folder.resolve()))
        found = _apart(manifests.documents(_without_prefixes(text, len(steps))), len(steps))
    except DevenvError:
        half = len(steps) // 2
        first, second = render_together(steps[:half], kubectl), render_together(steps[half:], kubectl)
        return {**first, **{half + place: objects for place, objects in second.items()}}
    return found


def _is_able(folder: Path) -> bool:
    file = kustomization_of(folder)
    return file is not None and not any(word in file.read_bytes() for word in _ALONE)


def _wrapped(steps: Sequence[ApplyManifests], top: Path) -> Path:
    """A kustomization of all of them, in a folder."""
    for place, step in enumerate(steps):
        own = top / f"k{place}"
        own.mkdir()
        document = {
            "resources": [os.path.relpath(Path(step.path).resolve(), own)],
            "images": [kustomize.transformation(name, text) for name, text in step.images],
            "namePrefix": _prefix(place),
            "commonAnnotations": {_MARK: str(place)},
        }
        (own / "kustomization.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    listed = {"resources": [f"k{place}" for place in range(len(steps))]}
    (top / "kustomization.yaml").write_text(yaml.safe_dump(listed), encoding="utf-8")
    return top


def _prefix(place: int) -> str:
    return f"devenv-one-of-{place}-"


def _without_prefixes(text: str, count: int) -> str:
    for place in range(count):
        text = text.replace(_prefix(place), "")
    return text


def _apart(objects: Iterable[Json], count: int) -> dict[int, list[Json]]:
    found: dict[int, list[Json]] = {place: [] for place in range(count)}
    for item in objects:
        found[int(item["metadata"]["annotations"][_MARK])].append(_unmarked(item))
    return found


def _unmarked(value: Any) -> Any:
    """An object without the annotation, wherever kustomize has put it."""
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _unmarked(item) for key, item in value.items() if key != _MARK}
    marked = value.get("annotations")
    if isinstance(marked, dict) and set(marked) == {_MARK}:
        del kept["annotations"]
    return kept
