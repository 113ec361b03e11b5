"""Projects that `devenv init` begins, for tests."""

from __future__ import annotations

from pathlib import Path

import yaml

from devenv.adapters.files.paths import data_root
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace
from devenv.workflows.scaffolding.init import Begun, begin_from_folder
from devenv.workflows.scaffolding.trial import find

DATA = data_root()
GO_DOCKERFILE = "FROM golang:1.26\nEXPOSE 8080\nHEALTHCHECK CMD wget http://localhost:8080/healthz\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def begin(root: Path, files: dict[str, str], *, dry_run: bool = False) -> Begun:
    write(root, files)
    return begin_from_folder(find(root, DATA), "shop", DATA, dry_run=dry_run)


def load(root: Path) -> Workspace:
    return load_workspace(root, data_root=DATA)


def written(root: Path) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((root / "devenv.yaml").read_text(encoding="utf-8"))
    return found


def texts(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_text(errors="replace")
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def told(done: Begun) -> list[str]:
    return [str(left) for left in done.sketch.left]
