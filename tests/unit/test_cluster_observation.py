from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from devenv.adapters.docker import ContainerInfo
from devenv.adapters.kubernetes import Recorded, Release, Workload
from devenv.engine.cluster_observation import ClusterFacts, observe_cluster
from devenv.engine.ownership import Holding, Mark, Owner
from devenv.errors import ClusterError
from devenv.plan.names import Names
from devenv.plan.observed import ClusterState

NAMES = Names("shop")
OWNER = Owner("/home/ada/shop", "pc", "ada")
MARKED = {"devenv-shop-control-plane": Mark("shop", OWNER, "172.18.0.2")}
BY_THIS_VERSION = {**NAMES.labels, **OWNER.labels}


def node(state: str = "running", *networks: str, name: str = "control-plane") -> ContainerInfo:
    labels = {"io.x-k8s.kind.cluster": "devenv-shop", "io.x-k8s.kind.role": "control-plane"}
    return ContainerInfo(
        f"devenv-shop-{name}", "id", state, labels, (), dict.fromkeys(networks or ("devenv-shop",), "172.18.0.2")
    )


def holding(
    containers: Sequence[ContainerInfo],
    network: Mapping[str, str] | None = BY_THIS_VERSION,
    marks: Mapping[str, Mark] | None = None,
) -> Holding:
    return Holding(NAMES, containers, network, marks or {})


def no_kubeconfig() -> bool:
    raise ClusterError("there is no admin.conf yet")


@pytest.mark.parametrize(
    ("state", "containers", "labels", "marks"),
    [
        (ClusterState.ABSENT, [], None, {}),
        (ClusterState.RUNNING, [node()], NAMES.labels, {}),
        (ClusterState.STOPPED, [node(), node("exited")], NAMES.labels, {}),
        (ClusterState.FOREIGN, [node()], None, {}),
        (ClusterState.FOREIGN, [node()], {"devenv.io/project": "other"}, {}),
        (ClusterState.FOREIGN, [node("running", "kind")], NAMES.labels, {}),
        (ClusterState.FOREIGN, [node(), node("running", "kind", name="worker")], NAMES.labels, MARKED),
        # The network was pruned while the cluster was stopped.
        (ClusterState.STOPPED, [node("exited")], None, MARKED),
        (ClusterState.FOREIGN, [node()], NAMES.labels, {"devenv-shop-control-plane": Mark("other", OWNER)}),
    ],
)
def test_whose_it_is_is_read_from_each_container(
    state: ClusterState, containers: list[ContainerInfo], labels: Mapping[str, str] | None, marks: Mapping[str, Mark]
) -> None:
    assert holding(containers, labels, marks).state is state


def test_only_what_provably_was_never_complete_counts_as_such() -> None:
    assert holding([node()]).never_complete
    assert holding([node("created")]).never_complete
    assert not holding([node()], marks=MARKED).never_complete
    # Nothing is proven of what an earlier version made, of a foreign cluster, of no cluster.
    assert not holding([node()], NAMES.labels).never_complete
    assert not holding([node("running", "kind")]).never_complete
    assert not holding([]).never_complete


def test_a_mark_is_read_as_it_was_written_and_nothing_else_is_one() -> None:
    mark = Mark("shop", OWNER, "172.18.0.2")
    assert Mark.from_json(mark.to_json().encode()) == mark
    assert Mark.from_json(b"{}") is None
    assert Mark.from_json(b"\xff") is None


def test_the_owner_is_the_marks_and_before_there_are_any_the_networks() -> None:
    other = Owner("/srv/shop", "pc", "bob")
    assert holding([node()], marks={"devenv-shop-control-plane": Mark("shop", other)}).owner == other
    assert holding([node()]).owner == OWNER
    assert holding([node()], NAMES.labels).owner is None
    assert not other.has_folder_of(OWNER)
    assert Owner("/home/ada/shop", "pc", "root").has_folder_of(OWNER)


@pytest.mark.parametrize("state", ["running", "exited"])
def test_what_was_complete_is_not_broken_whatever_is_lost(tmp_path: Path, state: str) -> None:
    """No kubeconfig, no API that answers, no network: another home, a stopped control plane, a pruned network."""
    for found in (holding([node(state)], marks=MARKED), holding([node(state)], NAMES.labels)):
        facts = observe_cluster(found, tmp_path / "kubeconfig", export=no_kubeconfig)
        assert facts.state in (ClusterState.UNREACHABLE, ClusterState.STOPPED)


@pytest.mark.parametrize("state", ["running", "created"])
def test_what_was_never_complete_is_broken(tmp_path: Path, state: str) -> None:
    facts = observe_cluster(holding([node(state)]), tmp_path / "kubeconfig", export=no_kubeconfig)
    assert (facts.state, facts.reason) == (ClusterState.BROKEN, "its creation is not complete")
    assert [n.name for n in facts.nodes] == ["devenv-shop-control-plane"]


def test_server_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "{current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],"
        " clusters: [{name: a, cluster: {server: 'http://127.0.0.1:9'}}], users: [{name: a, user: {}}]}"
    )
    facts = observe_cluster(holding([node()], marks=MARKED), kubeconfig, export=lambda: False)
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
