"""Which containers are synced, and which pods give way to new ones because they were."""

from __future__ import annotations

from typing import Any

from devenv.adapters.kubernetes.watch import PATHS
from devenv.runtime.diagnosis.scope import Scope
from devenv.runtime.observe.sync_places import SyncPlace, sync_places
from devenv.runtime.steps.synced_pods import owners_of

Json = dict[str, Any]
IMAGE = "localhost/devenv/api:1"


def item(name: str, owner: str = "", **more: Any) -> Json:
    references = [{"uid": f"uid of {owner}", "kind": "ReplicaSet"}] if owner else []
    metadata: Json = {"name": name, "namespace": "apps", "uid": f"uid of {name}", "ownerReferences": references}
    metadata["labels"] = {"devenv.io/stack": "api"}
    return {"metadata": metadata, "spec": {}, **more}


def pod(name: str, state: str = "running", image: str = IMAGE, owner: str = "set") -> Json:
    status = {"name": "api", "containerID": f"containerd://{name}-id", "state": {state: {}}}
    spec = {"nodeName": "node", "containers": [{"name": "api", "image": image}]}
    return item(name, owner, spec=spec, status={"containerStatuses": [status]})


def snapshot(**kinds: list[Json]) -> dict[str, tuple[Json, ...]]:
    return {kind: tuple(kinds.get(kind, ())) for kind in PATHS}


def test_containers_that_run_and_are_of_a_known_image_are_synced() -> None:
    ending = pod("ending")
    ending["metadata"]["deletionTimestamp"] = "now"
    pods = [pod("one"), pod("waits", "waiting"), pod("other", image="localhost/devenv/api:0"), ending]

    found = sync_places(snapshot(Pod=pods), [Scope("api", "apps")], {IMAGE})

    assert found == [SyncPlace("one-id", "node", "api", "apps", "one", "uid of one", IMAGE)]


def test_controllers_of_synced_pods_are_restarted_and_pods_of_none_deleted() -> None:
    sets = [item("set", "deployment", spec={"replicas": 2}), item("former", "deployment", spec={"replicas": 0})]
    known = snapshot(Deployment=[item("deployment")], ReplicaSet=sets, StatefulSet=[item("stateful")])
    alone = pod("alone", owner="")

    owners, left = owners_of([pod("one"), pod("two"), pod("old", owner="former"), alone], known)
    assert (owners, left) == ({("Deployment", "apps", "deployment")}, [alone])
    assert owners_of([pod("old", owner="former")], known) == (set(), [])
    assert owners_of([pod("zero", owner="stateful")], known) == ({("StatefulSet", "apps", "stateful")}, [])
