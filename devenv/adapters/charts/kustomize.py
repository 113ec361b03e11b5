"""Kustomizations rendered by the kustomize inside kubectl.

Responsible for rendering; the result is applied by `kubectl` like any other manifests.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import yaml

from devenv.adapters.files.scratch import scratch
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.spec.image_reference import Reference

_SHORT_LIVED = {"GOGC": "400"}
"""Kustomize reads the schemas of all kinds where there is a patch: half of its time was the collection of garbage."""


def build(
    kubectl: Kubectl,
    folder: Path,
    images: Sequence[tuple[str, str]] = (),
    *,
    cancel: threading.Event | None = None,
) -> str:
    """The manifests that a kustomization makes; files outside its folder may be used, as overlays do.

    Args:
        kubectl: its kustomize is used.
        folder: holds the kustomization.
        images: name of an image in the manifests, without its tag, and the reference that takes its place.
        cancel: when set, kubectl is stopped.

    Raises:
        CommandFailedError: kustomize refuses the kustomization.
    """
    if not images:
        return _render(kubectl, folder, folder, cancel)
    with scratch() as overlay:
        # The folder is the user's, so that the images are set in an overlay of it. Bases have to be relative paths.
        top = overlay.resolve()
        base = os.path.relpath(folder.resolve(), top)
        document = {"resources": [base], "images": [transformation(name, text) for name, text in images]}
        (top / "kustomization.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        return _render(kubectl, top, folder, cancel)


def _render(kubectl: Kubectl, folder: Path, named: Path, cancel: threading.Event | None) -> str:
    argv = ["kustomize", str(folder), "--load-restrictor", "LoadRestrictionsNone"]
    return kubectl.run(argv, cancel=cancel, env=_SHORT_LIVED, what=f"render the kustomization {named}").stdout


def transformation(name: str, text: str) -> dict[str, str]:
    """The entry of a kustomization's `images` that puts a reference in the place of an image's name."""
    reference = Reference.parse(text)
    version = {"digest": reference.digest} if reference.digest else {"newTag": reference.tag}
    return {"name": name, "newName": reference.repository, **version}
