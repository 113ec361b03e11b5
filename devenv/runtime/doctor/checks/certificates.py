"""The certificates of a running environment: of its endpoints, of cert-manager, and of Kubernetes itself."""

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
from devenv.adapters.kubernetes.cert_manager import Unissued
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import CA_SECRET, TLS_SECRET
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
UNISSUED = Kind(
    "certificate-unissued",
    Severity.WARNING,
    "A Certificate of cert-manager is not ready",
    "the Secret that it is to bring is missing or out of date, and pods that mount it do not start",
    "What cert-manager tells of the Certificate, or of its request. `devenv-local` signs names at and below "
    "`<project>.localhost`.",
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
    foreign: tuple[str, ...]
    """The Secrets of the endpoints' certificate and of the project's CA that the local CA has not signed."""
    unissued: tuple[Unissued, ...]
    cluster: Lifetime | None
    """The administrator's, which was issued together with the others."""
    control_planes: tuple[str, ...]


def observe(subject: Subject) -> CertificateFacts | None:
    """None where no cluster of the project runs."""
    project = subject.project
    if not project or project.cluster.get().state is not ClusterState.RUNNING:
        return None
    kubeconfig = project.kubeconfig.get()
    with Cluster(kubeconfig) as cluster:
        signed = dict(_signed(project.workspace, cluster))
        unissued = tuple(cluster.unissued_certificates())
    authority = LocalCa(host_state_dir("ca", create=False)).certificate
    own = authority.read_bytes() if authority.is_file() else b""
    return CertificateFacts(
        now=datetime.now(UTC),
        endpoints=lifetime(signed[TLS_SECRET]) if TLS_SECRET in signed else None,
        foreign=tuple(name for name, pem in signed.items() if not is_from(pem, own)),
        unissued=unissued,
        cluster=_of_administrator(kubeconfig),
        control_planes=tuple(c.name for c in project.cluster.get().containers if is_control_plane(c)),
    )


def judge(facts: CertificateFacts | None) -> Iterator[Finding]:
    if facts is None:
        return
    if facts.endpoints and facts.endpoints.ends_soon(facts.now):
        yield ENDING.found(f"{facts.endpoints.subject} ends on {facts.endpoints.ends:%Y-%m-%d}", "devenv up")
    for name in facts.foreign:
        yield FOREIGN.found(f"the Secret {name} was signed by another CA", "devenv up --verify; devenv certificate")
    for each in facts.unissued:
        yield UNISSUED.found(str(each), f"mend the issuer or the names of {each.name}; then: devenv up")
    if facts.cluster and facts.cluster.ends_soon(facts.now):
        renew = "; ".join(f"docker exec {node} kubeadm certs renew all" for node in facts.control_planes)
        remedy = f"{renew}; docker restart {' '.join(facts.control_planes)}"
        yield KUBERNETES.found(f"{facts.cluster.subject} ends on {facts.cluster.ends:%Y-%m-%d}", remedy)


def _signed(workspace: Workspace, cluster: Cluster) -> Iterator[tuple[str, bytes]]:
    """What the local CA is to have signed, by the name of its Secret, PEM; without what is not there."""
    specs = [workspace.stacks[name].spec for name in workspace.selected]
    wanted = [(spec.namespace, TLS_SECRET) for spec in specs if spec.tls]
    wanted += [(spec.namespace, CA_SECRET) for spec in specs if spec.ca]
    for namespace, name in wanted:
        if pem := cluster.secret(namespace, name).get("tls.crt"):
            yield name, pem


def _of_administrator(kubeconfig: Path) -> Lifetime | None:
    try:
        config: Any = yaml.safe_load(kubeconfig.read_bytes())
        return lifetime(base64.b64decode(config["users"][0]["user"]["client-certificate-data"]))
    except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError, binascii.Error):
        return None


CHECK = Check("the environment's certificates", observe, judge, (ENDING, FOREIGN, UNISSUED, KUBERNETES))
