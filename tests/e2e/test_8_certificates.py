"""cert-manager in the environment: what it issues is trusted as the local CA is, and renewed while it is served."""

from __future__ import annotations

import base64
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from support.environment import Project, Result
from support.waiting import await_true

pytestmark = pytest.mark.e2e
STACK = "cert-manager"
STEPS = {f"{step}/{STACK}" for step in ("ca", "install", "ready")} | {f"apply/{STACK}/{n}" for n in (0, 2)}
READY_SECONDS = 60.0
"""How long these may take together, with the images in the node: 20 s where the machine does nothing else."""
OBJECTS = """
apiVersion: v1
kind: Namespace
metadata: {name: certified}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: all-names, namespace: certified}
spec:
  secretName: all-names
  dnsNames: ["DOMAIN", "*.DOMAIN"]
  issuerRef: {kind: ClusterIssuer, name: devenv-local}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: nobodys, namespace: certified}
spec:
  secretName: nobodys
  dnsNames: ["nobodys.DOMAIN"]
  issuerRef: {kind: ClusterIssuer, name: nobody}
---
apiVersion: v1
kind: Service
metadata: {name: nobody, namespace: certified}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shown
  namespace: certified
  annotations:
    cert-manager.io/cluster-issuer: devenv-local
    # The shortest life that the webhook takes, renewed 10 s after it began.
    cert-manager.io/duration: 1h
    cert-manager.io/renew-before: 59m50s
spec:
  ingressClassName: traefik
  tls: [{hosts: ["shown.DOMAIN"], secretName: shown}]
  rules:
    - host: shown.DOMAIN
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: nobody, port: {number: 80}}}}]}
"""
NAMELESS = """
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: nameless, namespace: certified}
spec: {secretName: nameless, issuerRef: {kind: ClusterIssuer, name: devenv-local}}
"""


@pytest.fixture(scope="module")
def added(project: Project, first_up: Result) -> Iterator[Result]:
    """What `up` says that brings cert-manager into the environment, which is afterwards as it was before."""
    assert first_up.status == 0
    spec = project.spec
    project.devenv("add", STACK)
    yield project.devenv("up", "--yes", "--json")
    project.write_spec(spec)
    project.devenv("prune", "--yes")


@pytest.fixture(scope="module")
def certified(project: Project, added: Result, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The environment with cert-manager and objects of a user."""
    assert added.status == 0
    file = tmp_path_factory.mktemp("certified") / "objects.yaml"
    file.write_text(OBJECTS.replace("DOMAIN", domain(project)))
    project.kubectl("apply", "-f", str(file))
    yield project
    project.kubectl("delete", "-f", str(file), "--wait=false")


def domain(project: Project) -> str:
    return f"{project.name}.localhost"


def await_ready(project: Project, what: str) -> None:
    project.kubectl("wait", "--namespace", "certified", "--for=condition=Ready", what, "--timeout=60s")


def shown_at(url: str, name: str, context: ssl.SSLContext) -> x509.Certificate:
    """The certificate that a server shows for a name, once it is found to be trusted."""
    with (
        socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
        assert shown
        return x509.load_der_x509_certificate(shown)


@pytest.fixture
def trusting(certified: Project) -> ssl.SSLContext:
    """Trusts the local CA, and nobody else."""
    return ssl.create_default_context(cafile=certified.devenv("certificate").stdout.strip())


def test_it_is_ready_soon(added: Result, record_property: Callable[[str, object], None]) -> None:
    taken = {step["key"]: step["seconds"] for step in added.of_type("step-succeeded") if step["key"] in STEPS}
    record_property("seconds", taken)
    assert taken.keys() == STEPS
    assert sum(taken.values()) <= READY_SECONDS


def test_a_certificate_for_all_names_of_the_project_is_from_the_local_ca(
    certified: Project, trusting: ssl.SSLContext
) -> None:
    await_ready(certified, "certificate/all-names")
    read = ("get", "secret/all-names", "--namespace", "certified", "--output", "json")
    data = json.loads(certified.kubectl(*read))["data"]
    leaf, between = x509.load_pem_x509_certificates(base64.b64decode(data["tls.crt"]))
    (root,) = x509.load_pem_x509_certificates(base64.b64decode(data["ca.crt"]))
    leaf.verify_directly_issued_by(between)
    between.verify_directly_issued_by(root)
    assert [root.public_bytes(serialization.Encoding.DER)] == trusting.get_ca_certs(binary_form=True)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [domain(certified), f"*.{domain(certified)}"]


def test_traefik_shows_what_an_ingress_asks_for_and_its_renewal(certified: Project, trusting: ssl.SSLContext) -> None:
    await_ready(certified, "certificate/shown")
    url, name = certified.endpoint("api-tls"), f"shown.{domain(certified)}"
    issued: set[int] = set()

    def is_renewed() -> bool:
        shown = shown_at(url, name, trusting)
        # Until Traefik has read the Secret, it shows devenv's own certificate, which is good for the name as well.
        if "devenv CA" in shown.issuer.rfc4514_string():
            issued.add(shown.serial_number)
        return len(issued) > 1

    await_true(is_renewed, 60)


def test_the_webhook_refuses_a_certificate_for_nothing(certified: Project, tmp_path: Path) -> None:
    file = tmp_path / "nameless.yaml"
    file.write_text(NAMELESS)
    with pytest.raises(AssertionError, match=r"denied the request: spec: Invalid value"):
        certified.kubectl("apply", "-f", str(file))


def test_the_doctor_names_what_is_not_issued_and_why(certified: Project) -> None:
    found = [each for each in certified.report("doctor")["findings"] if each["id"].startswith("certificate")]
    (nobodys,) = [each for each in found if "certified/nobodys" in each["summary"]]
    assert nobodys["id"] == "certificate-unissued"
    assert '"nobody" not found' in nobodys["summary"]
    assert [each for each in found if each["id"] == "certificate-foreign"] == []


def test_what_cert_manager_writes_into_its_own_objects_is_no_drift(certified: Project) -> None:
    # Of other stacks earlier tests have changed what is put right now.
    steps = certified.devenv("up", "--yes", "--verify", "--json").last("plan-made")["steps"]
    assert [step["key"] for step in steps if "cert-manager" in step["key"]] == []
