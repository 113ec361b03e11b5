"""What Skaffold syncs becomes what devenv syncs, and what cannot is told."""

from __future__ import annotations

from pathlib import Path

import yaml

from devenv.adapters.files.paths import data_root
from devenv.spec.imports.note import Note
from devenv.spec.imports.skaffold.file.build_config import ArtifactSync
from devenv.spec.imports.skaffold.syncing import sync_rules, workdir_of
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace
from devenv.spec.yaml.positions import KeyPath


def imported(root: Path, sync: dict[str, object]) -> Workspace:
    """A project whose only image is an artifact with this `sync`."""
    for name in ("web/Dockerfile", "web/app.py", "web/src/a/b.js", "web/static/index.html"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("FROM scratch\n")
    artifact = {"image": "web", "context": "web", "sync": sync}
    config = {"apiVersion": "skaffold/v4beta11", "kind": "Config", "build": {"artifacts": [artifact]}}
    (root / "skaffold.yaml").write_text(yaml.safe_dump(config))
    (root / "devenv.yaml").write_text("project: shop\nimports: {skaffold: skaffold.yaml}\n")
    return load_workspace(root, data_root=data_root())


def test_files_go_where_skaffold_puts_them(tmp_path: Path) -> None:
    manual = [
        {"src": "app.py", "dest": "/srv"},
        {"src": "src/**/*.js", "dest": "/srv"},
        {"src": "static/**/*.html", "dest": "/www", "strip": "static/"},
        {"src": "*.txt", "dest": "/srv/texts"},
    ]
    found = imported(tmp_path, {"manual": manual})
    rules = {rule.source: rule.to for rule in found.project.images["web"].sync}
    assert rules == {
        "app.py": "/srv/app.py",
        "src/**/*.js": "/srv/src",
        "static/**/*.html": "/www",
        "*.txt": "/srv/texts",
    }
    assert found.notes == ()


def test_what_cannot_be_synced_is_told_and_built(tmp_path: Path) -> None:
    manual = [
        {"src": "app.py", "dest": "."},
        {"src": "gone/**", "dest": "/srv"},
        {"src": "src/**", "dest": "/srv", "strip": "src/a/"},
    ]
    found = imported(tmp_path, {"manual": manual, "infer": ["**/*.js"]})
    assert found.project.images["web"].sync == ()
    assert [(note.key.removeprefix("build.artifacts[0].sync."), note.message) for note in found.notes] == [
        ("manual[0].dest", ". is relative to the image's folder"),
        ("manual[1].src", "nothing is at gone/** in the context"),
        ("manual[2].strip", "src/a/ is not what it begins with"),
        ("infer", "sync.infer is not carried over"),
    ]


def test_a_relative_place_is_below_the_workdir_of_the_stage_and_a_hook_runs_after_it(tmp_path: Path) -> None:
    sync = {
        "manual": [{"src": "app.py", "dest": "."}, {"src": "src/**", "dest": "code", "strip": "src/"}],
        "hooks": {
            "before": [{"host": {"command": ["true"]}}],
            "after": [{"container": {"command": ["touch", "/x"]}}, {"container": {"command": ["true"]}}],
        },
    }
    dockerfile = tmp_path / "other.Dockerfile"
    dockerfile.write_text("FROM a AS first\nWORKDIR /no\nFROM b as run\nWORKDIR /srv\nFROM run\nWORKDIR ${PLACE}\n")
    assert workdir_of(dockerfile, "run") == "/srv"
    assert workdir_of(dockerfile, None) is None
    assert workdir_of(tmp_path / "none", None) is None
    (tmp_path / "app.py").write_text("")
    (tmp_path / "src").mkdir()
    told: list[str] = []

    def tell(key: KeyPath, message: str, instead: str) -> Note:
        told.append(".".join(map(str, key)))
        return Note(dockerfile, 1, "", message, instead)

    rules, _ = sync_rules(ArtifactSync.model_validate(sync), tmp_path, tell, "/srv")
    assert rules == [
        {"from": "app.py", "to": "/srv/app.py", "run": ["touch", "/x"]},
        {"from": "src/**", "to": "/srv/code", "run": ["touch", "/x"]},
    ]
    assert told == ["sync.hooks.before.0", "sync.hooks.after.1"]
