"""Pods that `devenv dev` has put files into: they are not what was built, and give way to new ones."""

from __future__ import annotations

from datetime import UTC, datetime

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.objects import owner_uids
from devenv.adapters.kubernetes.watch import CONTROLLERS
from devenv.runtime.step_context import StepContext


def replace_synced_pods(stack: str, context: StepContext) -> None:
    """Have what there still is of a stack's synced pods replaced, as by a restart; others stay."""
    cluster = context.environment.cluster
    pods = cluster.synced_pods(stack)
    if not pods:
        return
    owners, alone = owners_of(pods, cluster.informer(context.cancel.is_set).snapshot())
    context.progress(f"replacing {', '.join(pod['metadata']['name'] for pod in pods)}: they have what was synced")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for kind, namespace, name in sorted(owners):
        cluster.restart(kind, namespace, name, now)
    for pod in alone:
        cluster.delete_pod(pod["metadata"]["namespace"], pod["metadata"]["name"])


def owners_of(pods: list[Json], snapshot: ObjectsByKind) -> tuple[set[tuple[str, str, str]], list[Json]]:
    """The controllers that some pods belong to, as kind, namespace and name, and the pods of none. Pure.

    Pods of a template that has been replaced are on their way out, and in neither.
    """
    sets = {item["metadata"]["uid"]: item for item in snapshot["ReplicaSet"]}
    known = {item["metadata"]["uid"]: (kind, item) for kind in CONTROLLERS for item in snapshot[kind]}
    owners: set[tuple[str, str, str]] = set()
    alone: list[Json] = []
    for pod in pods:
        uids = owner_uids(pod)
        above = [up for uid in uids if uid in sets for up in owner_uids(sets[uid])]
        mine = [known[uid] for uid in (*uids, *above) if uid in known]
        if not mine:
            alone.append(pod)
        replaced = any(uid in sets and not sets[uid]["spec"].get("replicas") for uid in uids)
        owners |= {(k, i["metadata"]["namespace"], i["metadata"]["name"]) for k, i in mine if not replaced}
    return owners, alone
