"""What goes with a cluster beside the databases that devenv.yaml names."""

from __future__ import annotations

from pathlib import Path

from devenv.adapters.files.paths import data_root
from devenv.adapters.kubernetes.inventory import Recorded
from devenv.plan.observed import ClusterState
from devenv.runtime.observe.cluster import ClusterFacts
from devenv.spec.load import load_workspace
from devenv.workflows.databases.losses import other_holders

STACK = """
name: files
layer: 04-core-services
summary: A stack of the project's own
namespace: files
version: "1"
sources: [{manifests: {path: all.yaml}}]
"""


def test_stacks_with_volumes_are_named_that_are_the_projects_own_or_not_in_its_file_any_more(tmp_path: Path) -> None:
    (tmp_path / "devenv.yaml").write_text("project: shop\nstacks: [{name: redis}, {name: files}]\nstack_paths: [own]\n")
    folder = tmp_path / "own/04-core-services/files"
    folder.mkdir(parents=True)
    (folder / "stack.yaml").write_text(STACK)
    (folder / "all.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    workspace = load_workspace(tmp_path, data_root=data_root())
    claims = {"space/data-0": "uid"}
    records = {
        "redis": Recorded("", claims=claims),
        "postgres": Recorded("", claims=claims),
        "gone": Recorded("", claims=claims),
        "files": Recorded("", {"api/v1/persistentvolumeclaims": {"files/a": ""}}),
        "traefik": Recorded("", {"api/v1/services": {"traefik/a": ""}}),
    }
    facts = ClusterFacts(ClusterState.RUNNING, records=records)
    assert other_holders(workspace, facts, ["redis"]) == ["files", "gone", "postgres"]
