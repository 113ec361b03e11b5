"""The certificates of a running environment: of its endpoints, and of Kubernetes itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from devenv.adapters.certificates import Lifetime, LocalCa, is_from, lifetime
from devenv.adapters.files.paths import host_state_dir
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import TLS_SECRET
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity
from devenv.runtime.ownership.ownership import is_control_plane
from devenv.spec.workspace import Workspace

ENDING = Kind(
    "certificate-ending",
    Severity.WARNING,
    "The endpoints' certificate ends soon",
    "browsers and clients refuse the https endpoints",
    "devenv issues it for 825 days, and `devenv up` puts a new one into the cluster a month before the end. The "
    "Secret is `devenv-tls`.",
)
FOREIGN = Kind(
    "certificate-foreign",
    Severity.WARNING,
    "The endpoints' certificate is not from this user's local CA",
    "whoever trusts that CA (`devenv certificate`) is told that the endpoints are not to be trusted",
    "The cluster was brought up by another user or with another XDG_STATE_HOME, or the CA was removed since (`down "
    "--purge`).",
)
KUBERNETES = Kind(
    "cluster-certificate",
    Severity.WARNING,
    "The cluster's own certificates end soon",
    "from then on the cluster takes no command any more",
    "kubeadm issues them for a year. `kubeadm certs renew all` in each control plane renews them; the containers "
    "have to be started anew afterwards.",
)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Certificates of an environment; None for what is not there."""

    now: datetime
    endpoints: Lifetime | None
    is_own: bool
    """Whether the local CA has signed it."""
    cluster: Lifetime | None
    """The administrator's, which was issued together with the others."""
    control_planes: tuple[str, ...]


def observe(subject: Subject) -> CertificateFacts | None:
    """None where no cluster of the project runs."""
    project = subject.project
    if not project or project.cluster.get().state is not ClusterState.RUNNING:
        return None
    kubeconfig = project.kubeconfig.get()
    pem = _of_endpoints(project.workspace, kubeconfig)
    authority = LocalCa(host_state_dir("ca", create=False)).certificate
    return CertificateFacts(
        now=datetime.now(UTC),
        endpoints=lifetime(pem) if pem else None,
        is_own=authority.is_file() and is_from(pem, authority.read_bytes()) if pem else True,
        cluster=_of_administrator(kubeconfig),
        control_planes=tuple(c.name for c in project.cluster.get().containers if is_control_plane(c)),
    )


def judge(facts: CertificateFacts | None) -> Iterator[Finding]:
    if facts is None:
        return
    if facts.endpoints and facts.endpoints.ends_soon(facts.now):
        yield ENDING.found(f"{facts.endpoints.subject} ends on {facts.endpoints.ends:%Y-%m-%d}", "devenv up")
    if not facts.is_own:
        yield FOREIGN.found("the Secret devenv-tls was signed by another CA", "devenv up --verify; devenv certificate")
    if facts.cluster and facts.cluster.ends_soon(facts.now):
        renew = "; ".join(f"docker exec {node} kubeadm certs renew all" for node in facts.control_planes)
        remedy = f"{renew}; docker restart {' '.join(facts.control_planes)}"
        yield KUBERNETES.found(f"{facts.cluster.subject} ends on {facts.cluster.ends:%Y-%m-%d}", remedy)


def _of_endpoints(workspace: Workspace, kubeconfig: Path) -> bytes:
    """The endpoints' certificate, PEM; empty where no stack has one."""
    specs = [workspace.stacks[name].spec for name in workspace.selected]
    namespace = next((spec.namespace for spec in specs if spec.tls), "")
    if not namespace:
        return b""
    with Cluster(kubeconfig) as cluster:
        return cluster.secret(namespace, TLS_SECRET).get("tls.crt", b"")


def _of_administrator(kubeconfig: Path) -> Lifetime | None:
    try:
        config: Any = yaml.safe_load(kubeconfig.read_bytes())
        return lifetime(base64.b64decode(config["users"][0]["user"]["client-certificate-data"]))
    except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError, binascii.Error):
        return None


CHECK = Check("the environment's certificates", observe, judge, (ENDING, FOREIGN, KUBERNETES))
