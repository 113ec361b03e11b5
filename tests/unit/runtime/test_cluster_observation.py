from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.http_server import Server

from devenv.adapters.docker import ContainerInfo
from devenv.adapters.kubernetes.cluster import Recorded, Release, Workload
from devenv.errors import ClusterError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.observe.cluster import ClusterFacts, NodeFact, ask_records, observe_cluster, records_of
from devenv.runtime.ownership.ownership import KindCluster, Mark, Owner

NAMES = Names("shop")
OWNER = Owner("/home/ada/shop", "pc", "ada")
PLACED = Owner("/work", "pc", "ada", "/home/ada/shop on /dev/sda1", "f" * 32)
"""From inside of a container."""
MARKED = {"devenv-shop-control-plane": Mark("shop", OWNER, "172.18.0.2")}
BY_THIS_VERSION = {**NAMES.labels, **OWNER.labels}


def node(state: str = "running", *networks: str, name: str = "control-plane") -> ContainerInfo:
    labels = {"io.x-k8s.kind.cluster": "devenv-shop", "io.x-k8s.kind.role": "control-plane"}
    return ContainerInfo(
        f"devenv-shop-{name}", "id", state, labels, (), dict.fromkeys(networks or ("devenv-shop",), "172.18.0.2")
    )


def kind_cluster(
    containers: Sequence[ContainerInfo],
    network: Mapping[str, str] | None = BY_THIS_VERSION,
    marks: Mapping[str, Mark] | None = None,
) -> KindCluster:
    return KindCluster(NAMES, containers, network, marks or {})


def server(url: str) -> str:
    """A kubeconfig that leads there."""
    return (
        "{current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],"
        f" clusters: [{{name: a, cluster: {{server: '{url}'}}}}], users: [{{name: a, user: {{}}}}]}}"
    )


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
    assert kind_cluster(containers, labels, marks).state is state


def test_only_what_provably_was_never_complete_counts_as_such() -> None:
    assert kind_cluster([node()]).never_complete
    assert kind_cluster([node("created")]).never_complete
    assert not kind_cluster([node()], marks=MARKED).never_complete
    # The file is there: what a power cut or a full disk left in it proves nothing.
    for damaged in (b"", b"{", b"{}", b"\0" * 64, b"[]", b'{"project": "", "owner": {"folder": "/srv"}}'):
        marks = {"devenv-shop-control-plane": Mark.from_json(damaged)}
        assert not kind_cluster([node()], marks=marks).never_complete
        assert kind_cluster([node("exited")], None, marks).state is ClusterState.STOPPED
        assert kind_cluster([node()], marks=marks).owner == OWNER, "the network tells it"
        assert not kind_cluster([node()], marks=marks).says_of_all(OWNER), "it is written anew"
    # Nothing is proven of what an earlier version made, of a foreign cluster, of no cluster.
    assert not kind_cluster([node()], NAMES.labels).never_complete
    assert not kind_cluster([node("running", "kind")]).never_complete
    assert not kind_cluster([]).never_complete


def test_a_mark_is_read_as_it_was_written() -> None:
    for owner in (OWNER, PLACED):
        mark = Mark("shop", owner, "172.18.0.2")
        assert Mark.from_json(mark.to_json().encode()) == mark
        assert Owner.of_labels(owner.labels) == owner
    former = b'{"project": "shop", "owner": {"folder": "/home/ada/shop", "host": "pc", "user": "ada"}}'
    assert Mark.from_json(former) == Mark("shop", OWNER)


def test_a_folder_is_known_by_where_it_lies_and_a_machine_by_its_id() -> None:
    bobs = replace(PLACED, user="bob", place="/home/bob/shop on /dev/sda1")
    assert not bobs.has_folder_of(PLACED), "both are mounted as /work, in containers on the host's network"
    assert "/work (/home/bob/shop on /dev/sda1) of bob on pc" in str(bobs)
    assert replace(PLACED, folder="/home/ada/shop").has_folder_of(PLACED), "outside of the container"
    assert replace(PLACED, host="ada.cafe.example").has_folder_of(PLACED), "another name, the same machine"
    assert not replace(PLACED, machine="0" * 32).has_folder_of(PLACED)
    unknown = replace(PLACED, machine="")
    assert unknown.has_folder_of(PLACED), "in a container, which has the host's name"
    assert not replace(unknown, host="other").has_folder_of(PLACED)


def test_a_cluster_that_was_marked_by_an_earlier_version_is_still_its_owners_and_is_marked_anew() -> None:
    known = replace(OWNER, place="/home/ada/shop on /dev/sda1", machine="0" * 32)
    found = kind_cluster([node()], marks=MARKED)
    assert known.has_folder_of(OWNER)
    assert not found.says_of_all(known)
    assert found.says_of_all(OWNER)
    better = kind_cluster([node()], marks={"devenv-shop-control-plane": Mark("shop", known)})
    assert better.says_of_all(replace(known, user="root", machine="")), "nothing that is known is given up"
    assert not kind_cluster([node(), node(name="worker")], marks=MARKED).says_of_all(OWNER)


def test_the_owner_is_the_marks_and_before_there_are_any_the_networks() -> None:
    other = Owner("/srv/shop", "pc", "bob")
    assert kind_cluster([node()], marks={"devenv-shop-control-plane": Mark("shop", other)}).owner == other
    assert kind_cluster([node()]).owner == OWNER
    assert kind_cluster([node()], NAMES.labels).owner is None
    assert not other.has_folder_of(OWNER)
    assert Owner("/home/ada/shop", "pc", "root").has_folder_of(OWNER)


@pytest.mark.parametrize("state", ["running", "exited"])
def test_what_was_complete_is_not_broken_whatever_is_lost(tmp_path: Path, state: str) -> None:
    """No kubeconfig, no API that answers, no network: another home, a stopped control plane, a pruned network."""
    for found in (kind_cluster([node(state)], marks=MARKED), kind_cluster([node(state)], NAMES.labels)):
        facts = observe_cluster(found, tmp_path / "kubeconfig", export=no_kubeconfig)
        assert facts.state in (ClusterState.UNREACHABLE, ClusterState.STOPPED)


@pytest.mark.parametrize("state", ["running", "created"])
def test_what_was_never_complete_is_broken(tmp_path: Path, state: str) -> None:
    facts = observe_cluster(kind_cluster([node(state)]), tmp_path / "kubeconfig", export=no_kubeconfig)
    assert (facts.state, facts.reason) == (ClusterState.BROKEN, "its creation is not complete")
    assert [n.name for n in facts.nodes] == ["devenv-shop-control-plane"]


def test_what_does_not_run_of_a_cluster_is_named_though_it_is_no_node(tmp_path: Path) -> None:
    balancer = replace(
        node("exited", name="external-load-balancer"),
        labels={"io.x-k8s.kind.cluster": "devenv-shop", "io.x-k8s.kind.role": "external-load-balancer"},
    )
    marks = {**MARKED, balancer.name: Mark("shop", OWNER, "172.18.0.3")}
    facts = observe_cluster(
        kind_cluster([node(), balancer], marks=marks), tmp_path / "kubeconfig", export=no_kubeconfig
    )
    assert (facts.state, facts.reason) == (ClusterState.STOPPED, "devenv-shop-external-load-balancer stopped")
    assert [(n.name, n.running) for n in facts.nodes] == [("devenv-shop-control-plane", True)]


def test_server_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(server("http://127.0.0.1:9"))
    facts = observe_cluster(kind_cluster([node()], marks=MARKED), kubeconfig, export=lambda: False)
    assert facts.state is ClusterState.UNREACHABLE


@pytest.mark.parametrize("text", ["", "[]", "a: [", "a: b: c", "\0\0", "x", "{contexts: 1}", "clusters: [1]"])
def test_a_kubeconfig_that_was_damaged_is_got_anew_and_else_told_of(tmp_path: Path, text: str) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(text)
    facts = observe_cluster(kind_cluster([node()], marks=MARKED), kubeconfig, export=lambda: False)
    assert facts.state is ClusterState.UNREACHABLE
    assert facts.reason == f"the kubeconfig {kubeconfig} cannot be used"


def test_a_kubeconfig_of_another_engines_cluster_is_not_asked_though_its_api_answers(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    with Server() as theirs, Server() as ours:
        kubeconfig.write_text(server(theirs.url))
        export = partial(kubeconfig.write_text, server(ours.url))
        observe_cluster(kind_cluster([node()], marks=MARKED), kubeconfig, export=lambda: bool(export()))
        assert ours.asked
        assert not theirs.asked


def test_whoever_asks_for_records_asks_for_nothing_else(tmp_path: Path) -> None:
    record = json.dumps({"data": {"redis": Recorded("c", claims={"space/data-0": "uid"}).to_json()}}).encode()
    with Server() as api:
        api.serve("/api/v1/namespaces/devenv-system/configmaps/devenv-state", record)
        api.serve("/api/v1/secrets?labelSelector=owner%3Dhelm", b'{"items": []}')
        (tmp_path / "kubeconfig").write_text(server(api.url))
        found = kind_cluster([node()], marks=MARKED)
        facts = observe_cluster(found, tmp_path / "kubeconfig", export=lambda: False, ask=ask_records)
        assert len(api.asked) == 2
    assert facts.state is ClusterState.RUNNING
    assert facts.records["redis"].claims == {"space/data-0": "uid"}
    assert facts.has_record


DEPLOYMENTS = "apis/apps/v1/deployments"
STORES = "apis/external-secrets.io/v1/clustersecretstores"


def running(**more: Any) -> ClusterFacts:
    return ClusterFacts(ClusterState.RUNNING, **more)


def test_a_cluster_that_was_made_with_other_nodes_than_are_wanted_is_told() -> None:
    one = NodeFact("devenv-shop-control-plane", "control-plane", running=True)
    worker = NodeFact("devenv-shop-worker", "worker", running=True)
    facts = running(nodes=(worker, one))

    assert facts.other_nodes(["control-plane", "worker"]) == ""
    assert facts.other_nodes(["control-plane", "control-plane"]) == (
        "the cluster was made with 1 control-plane and 1 worker, and the specification asks for 2 control-planes"
    )
    # Of one that does not run, and is made anew or started first, nothing is said.
    assert ClusterFacts(ClusterState.BROKEN, nodes=(one,)).other_nodes(["worker"]) == ""


def test_readiness_of_stacks() -> None:
    facts = running(
        releases=(
            Release("db", "data", 1, "deployed", "abc", "postgres", 1),
            Release("edge", "web", 2, "failed", "abc", "traefik", 1),
        ),
        workloads=(
            Workload("StatefulSet", "data", "db", "db", "", 1, 0, 1, "0 of 1 ready"),
            Workload("Deployment", "data", "other", "", "other", 1, 0, 1, "0 of 1 ready"),
        ),
        records={"postgres": Recorded("abc", {}, ("data/db",)), "traefik": Recorded("abc", {}, ("web/edge",))},
    )
    assert facts.unready("postgres") == "statefulset db: 0 of 1 ready"
    assert facts.unready("traefik") == ""
    assert facts.incomplete("postgres") == ""
    assert facts.incomplete("traefik") == "release edge is failed"


def test_what_a_stack_lacks_of_all_that_was_recorded() -> None:
    """No release, workload or object of another kind is taken for there because it once was."""
    facts = running(
        releases=(Release("web", "shop", 1, "deployed", "abc", "web", 1),),
        records={
            "web": Recorded("abc", {DEPLOYMENTS: {"shop/web": "m1", "shop/api": "m2"}}, ("shop/web",)),
            "store": Recorded("def", {STORES: {"aws": "m3"}}, ("secrets/store",)),
            "definitions": Recorded("ghi", {"apis/crds": dict.fromkeys("abcde", "m")}),
            "elsewhere": Recorded("jkl", {"apis/example.org/v1/unknown": {"thing": "m"}}),
        },
        present={DEPLOYMENTS: {"shop/web": "m1", "shop/other": ""}, STORES: {}, "apis/crds": {}},
    )
    assert facts.incomplete("web") == "deployments/shop/api removed"
    assert facts.incomplete("store") == "release secrets/store, clustersecretstores/aws removed"
    assert facts.incomplete("definitions") == "crds/a, crds/b, crds/c and 2 more removed"
    assert facts.incomplete("elsewhere") == "", "its kind could not be looked at"
    assert facts.incomplete("never-recorded") == ""


def test_a_volume_of_the_same_name_is_not_the_one_that_was_recorded() -> None:
    recorded = Recorded("abc", {}, claims={"data/data-db-0": "u1", "data/data-db-1": "u2"})
    there = {"data/data-db-0": "u1", "data/data-db-1": "u2", "data/other": "u9"}
    assert running(records={"db": recorded}, claims=there).incomplete("db") == ""
    anew = {**there, "data/data-db-1": "u3"}
    assert running(records={"db": recorded}, claims=anew).incomplete("db") == "volume claim data/data-db-1 removed"
    assert running(records={"db": recorded}, claims={}).incomplete("db").startswith("volume claim data/data-db-0, ")
    assert running(records={"db": recorded}).incomplete("db") == "", "claims were not looked at"


def test_what_others_have_changed_of_a_stack() -> None:
    marks = {"shop/web": "m1", "shop/api": "m2", "shop/gone": "m3"}
    facts = running(
        records={"web": Recorded("abc", {DEPLOYMENTS: marks})},
        present={DEPLOYMENTS: {"shop/web": "m1", "shop/api": "other"}},
    )
    assert facts.drifted("web") == "deployments/shop/api changed by hand"
    assert facts.drifted("never-recorded") == ""


def test_releases_tell_what_their_stacks_are_made_of() -> None:
    releases = [
        Release("web", "shop", 3, "deployed", "abc", "web", 3),
        Release("web-cache", "shop", 1, "deployed", "abc", "web", 1),
        Release("db", "data", 2, "deployed", "def", "halfway", 2),
        Release("db-proxy", "data", 1, "deployed", "former", "halfway", 1),
        Release("edge", "web", 2, "failed", "ghi", "edge", 1),
        Release("by-hand", "web", 1, "deployed", "", "", 1),
    ]
    assert records_of(releases) == {"web": Recorded("abc", None, ("shop/web", "shop/web-cache"))}
