"""Looking ahead: what the cluster will refuse to change of the manifests that are about to be applied.

Responsible for asking. What a refusal means is decided by `immutables`; `replacements` does what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import is_hook
from devenv.adapters.kubernetes.store import ObjectStore, Refusal
from devenv.errors import DevenvError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.observed import Observed, StackInput
from devenv.plan.planner import Wanted, stacks_to_install
from devenv.plan.replacement import Blockers
from devenv.plan.stack_steps import sources_to_apply
from devenv.plan.steps import ApplyManifests, InstallChart
from devenv.runtime.environment import Environment
from devenv.runtime.observe.cluster import ClusterFacts
from devenv.runtime.observe.immutables import RelatedObjects, blockers
from devenv.runtime.observe.removals import CLAIM, PATHS, STATEFUL_SET, removal_losses
from devenv.runtime.observe.rendering import manager_of, rendered
from devenv.runtime.toolbox import Toolbox
from devenv.spec.stack import StackSpec

_THREADS = 6
_CLASSES = "apis/storage.k8s.io/v1/storageclasses"


def observe_blockers(
    environment: Environment, toolbox: Toolbox, wanted: Wanted, observed: Observed, facts: ClusterFacts
) -> Mapping[str, tuple[Blockers | None, ...]]:
    """What blocks each source of the stacks that will be installed over, by the stack's name.

    None where that is not known yet: a chart may be in a module that the plan has yet to fetch, or be wrong. It is
    looked at again when it is installed, and reported then.
    """
    there = {*facts.records, *(release.stack for release in facts.releases)}
    over = [(spec, made) for spec, made in stacks_to_install(wanted, observed) if spec.name in there]
    if not over or facts.state is not ClusterState.RUNNING:
        return {}
    if not {"helm", "kubectl"} <= observed.tools_present:
        return unknown_blockers(over, observed)
    cluster = environment.cluster
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="blockers") as pool:
        asked = {
            spec.name: [
                pool.submit(_of_step, step, cluster, toolbox)
                for step in sources_to_apply(spec, made, observed.untouched(spec.name))
            ]
            for spec, made in over
        }
        return {name: tuple(_result(future) for future in futures) for name, futures in asked.items()}


def unknown_blockers(
    stacks: Iterable[tuple[StackSpec, StackInput]], observed: Observed
) -> dict[str, tuple[Blockers | None, ...]]:
    """As `observe_blockers`, where there is no time or no program to look: each source looks when it is installed."""
    return {
        spec.name: (None,) * len(sources_to_apply(spec, made, observed.untouched(spec.name))) for spec, made in stacks
    }


def _result(asked: Future[Blockers]) -> Blockers | None:
    try:
        return asked.result()
    except (DevenvError, KeyError):
        return None  # KeyError: a module that is not in the cache


def _of_step(step: InstallChart | ApplyManifests, cluster: Cluster, toolbox: Toolbox) -> Blockers:
    release = step.release if isinstance(step, InstallChart) else ""
    return find_blockers(cluster, rendered(step, toolbox), step.namespace, manager_of(step), release=release)


def find_blockers(cluster: Cluster, text: str, namespace: str, manager: str, *, release: str = "") -> Blockers:
    """What of the objects that are there blocks these manifests.

    Args:
        cluster: is asked, and not changed.
        text: the manifests; hooks among them are left out, since Helm deletes those itself.
        namespace: of objects that name none.
        manager: the field manager in whose name they will be applied.
        release: whose manifests they are: what it has beside them is lost.

    Raises:
        SpecError: the manifests are no objects.
        ApiUnreachableError: the API server does not answer.
    """
    store = cluster.objects
    documents = manifests.documents(text)
    wanted = [item for item in documents if not is_hook(item)]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="refusals") as pool:
        listed = [pool.submit(_listing(store, kind), path) for kind, path in PATHS.items()] if release else []
        refusals = list(pool.map(lambda item: store.refusal(item, namespace, manager), wanted))
        live = {kind: found.result() for kind, found in zip(PATHS, listed, strict=False)}
    refused = [(item, refusal) for item, refusal in zip(wanted, refusals, strict=True) if refusal]
    found = (
        blockers(item, refusal.live, refusal.causes, _related(store, refusal), manager) for item, refusal in refused
    )
    lost = removal_losses(release, namespace, documents, live)
    return sum(found, Blockers(removal_losses=tuple(lost)))


def _listing(store: ObjectStore, kind: str) -> Callable[[str], list[Json]]:
    """How the objects of a kind are listed: definitions of kinds are large, and their names are all that is asked."""
    return store.items if kind in (CLAIM, STATEFUL_SET) else store.outlines


def _related(store: ObjectStore, refusal: Refusal) -> RelatedObjects:
    live, namespace = refusal.live, refusal.live["metadata"].get("namespace")
    if live["kind"] == "CustomResourceDefinition":
        return RelatedObjects(instances=store.count(_instances(live)))
    if namespace is None:
        return RelatedObjects()
    return RelatedObjects(
        claims=store.items(f"api/v1/namespaces/{namespace}/persistentvolumeclaims"),
        pods=store.items(f"api/v1/namespaces/{namespace}/pods"),
        classes={item["metadata"]["name"]: item for item in store.items(_CLASSES)},
    )


def _instances(definition: Json) -> str:
    """Path of the objects of a kind, of every namespace."""
    spec = definition["spec"]
    versions: Sequence[Json] = spec["versions"]
    stored = next(v["name"] for v in versions if v.get("storage"))
    return f"apis/{spec['group']}/{stored}/{spec['names']['plural']}"
