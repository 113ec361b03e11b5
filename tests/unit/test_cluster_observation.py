from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from devenv.adapters.kubernetes import Recorded, Release, Workload
from devenv.engine.cluster_observation import ClusterFacts, observe_cluster
from devenv.engine.ownership import ownership
from devenv.errors import ClusterError
from devenv.plan.names import Names
from devenv.plan.observed import ClusterState

NAMES = Names("shop")


@dataclass(frozen=True)
class Container:
    name: str
    state: str
    labels: Mapping[str, str]
    networks: tuple[str, ...] = ("devenv-shop",)


def node(state: str = "running", *networks: str) -> Container:
    labels = {"io.x-k8s.kind.cluster": "devenv-shop", "io.x-k8s.kind.role": "control-plane"}
    return Container("devenv-shop-control-plane", state, labels, networks or ("devenv-shop",))


@pytest.mark.parametrize(
    ("state", "containers", "labels"),
    [
        (ClusterState.ABSENT, [], None),
        (ClusterState.RUNNING, [node()], NAMES.labels),
        (ClusterState.STOPPED, [node(), node("exited")], NAMES.labels),
        (ClusterState.FOREIGN, [node()], None),
        (ClusterState.FOREIGN, [node()], {"devenv.io/project": "other"}),
        (ClusterState.FOREIGN, [node("running", "kind")], NAMES.labels),
    ],
)
def test_ownership(state: ClusterState, containers: list[Container], labels: Mapping[str, str] | None) -> None:
    assert ownership(NAMES, containers, labels) is state


def test_creation_that_left_no_kubeconfig_is_broken(tmp_path: Path) -> None:
    def fail() -> None:
        raise ClusterError("there is no admin.conf yet")

    facts = observe_cluster(NAMES, [node()], NAMES.labels, tmp_path / "kubeconfig", export=fail)
    assert (facts.state, facts.reason) == (ClusterState.BROKEN, "there is no admin.conf yet")
    assert [n.name for n in facts.nodes] == ["devenv-shop-control-plane"]


def test_server_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "{current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],"
        " clusters: [{name: a, cluster: {server: 'http://127.0.0.1:9'}}], users: [{name: a, user: {}}]}"
    )
    facts = observe_cluster(NAMES, [node()], NAMES.labels, kubeconfig)
    assert facts.state is ClusterState.UNREACHABLE


def test_readiness_of_stacks() -> None:
    facts = ClusterFacts(
        ClusterState.RUNNING,
        releases=(
            Release("db", "data", 1, "deployed", "abc", "postgres", 1),
            Release("edge", "web", 2, "failed", "abc", "traefik", 1),
        ),
        workloads=(
            Workload("StatefulSet", "data", "db", "db", "", 1, 0, 1, "0 of 1 ready"),
            Workload("Deployment", "data", "other", "", "other", 1, 0, 1, "0 of 1 ready"),
        ),
        records={
            "postgres": Recorded("abc", ("StatefulSet/data/db",)),
            "traefik": Recorded("abc"),
            "namespaces": Recorded("def", ("Deployment/web/gone",)),
        },
    )
    assert facts.unready("postgres") == "statefulset db: 0 of 1 ready"
    assert facts.unready("traefik") == ""
    assert facts.incomplete("postgres") == ""
    assert facts.incomplete("traefik") == "release edge is failed"
    assert facts.incomplete("namespaces") == "Deployment/web/gone removed"
