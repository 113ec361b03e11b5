"""What goes with a cluster beside the databases that devenv.yaml names."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.adapters.files.paths import data_root
from devenv.adapters.kubernetes.inventory import Recorded
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.observe.cluster import ClusterFacts
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace
from devenv.workflows.databases.losses import other_holders, other_volumes

STACK = """
name: files
layer: 04-core-services
summary: A stack of the project's own
namespace: files
version: "1"
sources: [{manifests: {path: all.yaml}}]
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "devenv.yaml").write_text("project: shop\nstacks: [{name: redis}, {name: files}]\nstack_paths: [own]\n")
    folder = tmp_path / "own/04-core-services/files"
    folder.mkdir(parents=True)
    (folder / "stack.yaml").write_text(STACK)
    (folder / "all.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    return load_workspace(tmp_path, data_root=data_root())


def test_stacks_with_volumes_are_named_that_are_the_projects_own_or_not_in_its_file_any_more(
    workspace: Workspace,
) -> None:
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


def test_where_the_record_is_lost_volumes_are_named_by_themselves(workspace: Workspace) -> None:
    redis = workspace.stacks["redis"].spec
    claims = dict.fromkeys([f"{redis.namespace}/data-redis-0", "files/a", "elsewhere/data-x-0"], "uid")
    facts = ClusterFacts(ClusterState.RUNNING, claims=claims)
    assert other_volumes(workspace, facts, ["redis"]) == ["volume elsewhere/data-x-0", "volume files/a"]
    assert other_volumes(workspace, ClusterFacts(ClusterState.RUNNING, claims={}), ["redis"]) == []
