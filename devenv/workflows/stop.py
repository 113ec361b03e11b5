"""`devenv stop`: give memory and processor back, and keep everything that is on a disk.

Responsible for an end that is quick and loses nothing. The engine alone is asked, so that it works whatever state the
API or the specification is in.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.errors import ClusterError, CommandFailedError, CommandTimeoutError
from devenv.events import Noted
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.ownership.marks import look, owner_of
from devenv.runtime.ownership.ownership import KindCluster, running_nodes
from devenv.workflows.access.claim import require_own_folder
from devenv.workflows.access.exclusive import confirm_lock, exclusive
from devenv.workflows.access.locations import Locations, project_locations
from devenv.workflows.access.running import not_running
from devenv.workflows.access.session import Session

_AT_ONCE = 8
_LONGEST_SECONDS = 20.0
"""Where nothing goes on in a node any more. Programs have 2.4 s to end by themselves, longer where the machine is busy:
the rest is killed, which a database recovers from at its start."""
_NAMED_AT_MOST = 3
# Nothing is started again once the kubelet is gone. PostgreSQL waits for its clients after SIGTERM, and does not after
# SIGINT; no signal ends the first program of a container that does not take it. What is in kube-system keeps nothing in
# memory that would have to be saved: etcd writes each change to the disk before it answers.
_END = r"""
systemctl stop kubelet
cd /run/containerd/io.containerd.runtime.v2.task/k8s.io 2>/dev/null || exit 0
left=$(jq -r '.annotations as $is | select($is["io.kubernetes.cri.container-type"] == "container")
  | $is["io.kubernetes.cri.sandbox-namespace"] as $space | select($space != "kube-system")
  | "\(input_filename | rtrimstr("/config.json")) \($space)/\($is["io.kubernetes.cri.sandbox-name"])"' \
  */config.json 2>/dev/null | while read -r id pod; do [ -r "$id/init.pid" ] && echo "$(cat "$id/init.pid") $pod"; done)
takes() {
  mask=$(sed -n 's/^SigCgt:\t//p' "/proc/$1/status" 2>/dev/null) && [ -n "$mask" ] && [ $((0x$mask & 0x4002)) -ne 0 ]
}
left=$(echo "$left" | while read -r pid pod; do takes "$pid" && echo "$pid $pod"; done)
living() { echo "$left" | while read -r pid pod; do [ -d "/proc/${pid:-none}" ] && echo "$pid $pod"; done; }
for signal in TERM INT; do
  echo "$left" | while read -r pid pod; do [ -n "$pid" ] && kill -s "$signal" "$pid" 2>/dev/null; done
  for tenth in 1 2 3 4 5 6 7 8 9 10 11 12; do
    left=$(living)
    [ -n "$left" ] || exit 0
    sleep 0.1
  done
done
echo "$left" | while read -r pid pod; do echo "$pod"; done
"""


@dataclass(frozen=True, slots=True)
class Stopped:
    """What was stopped."""

    project: str
    containers: int
    """That ran until now; 0 where nothing did."""
    seconds: float


def stop(directory: Path, session: Session) -> Stopped:
    """Have all containers of a project's cluster end; their volumes, and so all data on them, stay.

    Raises:
        ClusterError: there is no cluster, or it is another folder's.
        LockedError: another run changes the project, and this one is not to wait.
    """
    locations = project_locations(directory)
    engine = Engine.connect()
    with exclusive(engine, locations.project, session):
        return _stop(locations, engine, session)


def _stop(locations: Locations, engine: Engine, session: Session) -> Stopped:
    began, names = time.monotonic(), Names(locations.project)
    kind_cluster = look(engine, names)
    require_own_folder(kind_cluster, owner_of(locations.root))
    if kind_cluster.state in (ClusterState.ABSENT, ClusterState.FOREIGN):
        raise not_running(names, kind_cluster.state)
    awake = [c.name for c in kind_cluster.containers if c.state in ("running", "paused", "restarting")]
    if not awake:
        session.emit(Noted(f"{names.project} is stopped already", hint="devenv start"))
        return Stopped(names.project, 0, 0.0)
    confirm_lock(names.project, session)
    if cut_short := _end_programs(engine, kind_cluster):
        shown = ", ".join(cut_short[:_NAMED_AT_MOST]) + (" …" if len(cut_short) > _NAMED_AT_MOST else "")
        session.emit(Noted(f"killed, since it did not end by itself: {shown}", "warning"))
    engine.containers.kill(awake)
    engine.containers.keep_over_restarts(awake, running=False)
    stopped = Stopped(names.project, len(awake), time.monotonic() - began)
    count = f"{stopped.containers} container{'s' if stopped.containers != 1 else ''}"
    session.emit(Noted(f"{names.project} is stopped, and its data kept ({count}, {stopped.seconds:.1f} s)"))
    return stopped


def _end_programs(engine: Engine, kind_cluster: KindCluster) -> Sequence[str]:
    """Have what runs in the nodes' pods end by itself, on all nodes at once; the pods and nodes that did not."""

    def end(node: str) -> list[str]:
        try:
            argv = ["sh", "-c", _END]
            return engine.containers.exec(node, argv, timeout=_LONGEST_SECONDS, check=False).stdout.split()
        except (CommandTimeoutError, CommandFailedError, ClusterError):
            return [node]  # which is told: it is on its way out, and may be so for the very reason that it hangs

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="stop") as pool:
        return [name for found in pool.map(end, running_nodes(kind_cluster.containers)) for name in found]
