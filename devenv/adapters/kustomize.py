"""Kustomizations rendered by the kustomize inside kubectl.

Responsible for rendering; the result is applied by `kubectl` like any other manifests.
"""

from __future__ import annotations

import threading
from pathlib import Path

from devenv.adapters.kubectl import Kubectl


def build(kubectl: Kubectl, folder: Path, *, cancel: threading.Event | None = None) -> str:
    """The manifests that a kustomization makes; files outside its folder may be used, as overlays do."""
    argv = ["kustomize", str(folder), "--load-restrictor", "LoadRestrictionsNone"]
    return kubectl.run(argv, cancel=cancel, what=f"render the kustomization {folder}").stdout
