"""What pods send to Services before kube-proxy has its rules again, held back so that it arrives a moment later.

All pods of a restarted node begin at once. Until kube-proxy knows where a Service is, what is sent to its address goes
out by the default route: it is refused, or answered by whoever is there; the program ends, and is started again
only ten seconds later. What is dropped is sent again by TCP itself, after one second for the first time.
"""

from __future__ import annotations

from collections.abc import Sequence

from devenv.adapters.docker import Engine

_MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
_RANGE = f"sed -n 's/.*--service-cluster-ip-range=//p' {_MANIFEST}"
# kube-proxy replaces a Service's address before these chains see it: only addresses that it knows nothing of are left.
_HOLD = "for range in $(echo $0 | tr , ' '); do case $range in *:*) continue;; esac;"
_HOLD += " for chain in FORWARD OUTPUT; do iptables -w -I $chain -d $range -j DROP; done; done"


def hold_until_known(engine: Engine, control_plane: str, nodes: Sequence[str]) -> None:
    """Drop, on all nodes, what is sent to an address of Services that kube-proxy does not know (yet)."""
    services = engine.containers.exec(control_plane, ["sh", "-c", _RANGE], check=False).stdout.strip()
    for node in nodes if services else ():
        engine.containers.exec(node, ["sh", "-c", _HOLD, services], check=False)
