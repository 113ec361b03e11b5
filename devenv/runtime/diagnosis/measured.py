"""What monitoring has measured of a pod that failed: how near it came to its limits, and what its node had left.

Responsible for the questions and the words. A container that lives for less than an interval of scraping leaves no
measurement, so that nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.prometheus import ask

_LATELY = "10m"
_MIB = 2**20
_NOTABLE_MEMORY = 0.8
"""Share of the limit."""
_NOTABLE_THROTTLING = 0.05
"""Share of the scheduler's periods; a start is throttled for a moment by any limit."""
_NOTABLE_DISK = 0.15
_NOTABLE_NODE_MEMORY = 0.08
_KILLED = "node_vmstat_oom_kill"
"""Of the machine. The kernel names a container by its place in the machine's control groups, which a kubelet inside a
container does not know: container_oom_events_total stays 0."""
_PODS = {"pod": 'pod="{name}"', "job": 'pod=~"{name}-[^-]+"'}
"""Which pods' measurements explain an object, by its kind."""


def measured(cluster: Cluster, subject: str) -> str:
    """What explains a failure, in one line; empty where nothing was measured, or nobody answers at once.

    Args:
        cluster: where.
        subject: as a Cause has it: `namespace/pod/name`, with ` container NAME` behind it where one is meant; or a job.
    """
    where, _, container = subject.partition(" container ")
    parts = where.split("/")
    if len(parts) != 3 or parts[1] not in _PODS:  # noqa: PLR2004 (see Args)
        return ""
    namespace, kind, name = parts
    pods = f'namespace="{namespace}", {_PODS[kind].format(name=name)}'
    return "; ".join(in_words(ask(cluster, _questions(f'{pods}, container{"=" if container else "!="}"{container}"'))))


def _questions(containers: str) -> dict[str, str]:
    of = f"{{{containers}}}"
    throttled, periods = (f"rate(container_cpu_cfs_{name}_total{of}[1m])" for name in ("throttled_periods", "periods"))
    free = "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
    return {
        "memory": f"max(max_over_time(container_memory_working_set_bytes{of}[{_LATELY}]))",
        "limit": f"max(max_over_time(container_spec_memory_limit_bytes{of}[{_LATELY}]))",
        "killed": f"max(max_over_time({_KILLED}[{_LATELY}]) - min_over_time({_KILLED}[{_LATELY}]))",
        "throttled": f"max(max_over_time(({throttled} / {periods})[{_LATELY}:15s]))",
        "disk": "min(mountpoint:filesystem_available:ratio)",
        "node memory": f"min(min_over_time(({free})[{_LATELY}:15s]))",
    }


def in_words(values: Mapping[str, float]) -> list[str]:
    """What is worth telling of what was asked: bytes, shares and counts, each where known."""
    words = []
    memory, limit = values.get("memory", 0.0), values.get("limit", 0.0)
    if limit and memory / limit >= _NOTABLE_MEMORY:
        words.append(f"memory up to {memory / _MIB:.0f} of its {limit / _MIB:.0f} MiB")
    if killed := values.get("killed", 0.0):
        words.append(f"the kernel killed {killed:.0f} processes of the machine for their memory")
    if (throttled := values.get("throttled", 0.0)) >= _NOTABLE_THROTTLING:
        words.append(f"held back by its limit of processor time in {throttled:.0%} of the periods")
    if (disk := values.get("disk", 1.0)) <= _NOTABLE_DISK:
        words.append(f"{disk:.0%} of the node's disk left")
    if (free := values.get("node memory", 1.0)) <= _NOTABLE_NODE_MEMORY:
        words.append(f"{free:.0%} of the node's memory left")
    return words
