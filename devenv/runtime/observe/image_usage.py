"""Which images the clusters of the engine need: asked of every cluster that devenv made, whatever project it is of.

Responsible for asking. A project's kubeconfig may be out of reach from here, so a control plane's own is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from devenv.adapters.docker import ContainerInfo, Engine
from devenv.images.catalogue.inventory import Usage, images_named
from devenv.labels import LABEL_LOCK, LABEL_PROJECT
from devenv.plan.names import Names
from devenv.runtime.ownership.marks import look_at_all
from devenv.runtime.ownership.ownership import is_control_plane

_SECONDS = 60.0
_KINDS = "pods,deployments,statefulsets,daemonsets,jobs,cronjobs"
_ASK = (
    *("kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--request-timeout=50s"),
    *("get", _KINDS, "--all-namespaces", "-o=jsonpath={..image}"),
)
"""Templates of objects and what pods report: whatever is called `image`."""


def projects_at_work(engine: Engine) -> list[str]:
    """The projects for which a run does something now; before their first cluster, that may be building."""
    return sorted({lock.labels.get(LABEL_PROJECT, lock.name) for lock in engine.containers.list({LABEL_LOCK: ""})})


def image_usage(engine: Engine, *, leaving_out: str = "") -> Usage:
    """Who needs images in this engine. Clusters that devenv did not make are left alone.

    Of a project at work it is not known which it needs next; `leaving_out` is the one that the caller works at.
    """
    planes = {
        kind_cluster.names.cluster: [c for c in kind_cluster.containers if is_control_plane(c)]
        for kind_cluster in look_at_all(engine)
    }
    building = [Names(project).cluster for project in projects_at_work(engine) if project != leaving_out]
    with ThreadPoolExecutor(max(1, len(planes))) as pool:
        answers = dict(zip(planes, pool.map(lambda found: _named(engine, found), planes.values()), strict=True))
    return Usage(
        references=frozenset(name for names in answers.values() if names is not None for name in names),
        containers=engine.containers.image_ids(),
        unknown=(
            *(name for name, names in answers.items() if names is None),
            *(cluster for cluster in building if cluster not in planes),
        ),
    )


def _named(engine: Engine, planes: Sequence[ContainerInfo]) -> frozenset[str] | None:
    """The images that a cluster's objects name; None when no control plane answers."""
    for plane in planes:
        if plane.state == "running":
            done = engine.containers.exec(plane.name, _ASK, timeout=_SECONDS, check=False)
            if done.status == 0:
                return images_named(done.stdout.split())
    return None
