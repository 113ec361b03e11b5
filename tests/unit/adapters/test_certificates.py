"""The local CA and its certificates, checked by the TLS stack that clients use."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import socket
import ssl
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from devenv.adapters.certificates import Issued, LocalCa, local_ca

DOMAIN = "alt.localhost"
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def authority(tmp_path: Path) -> LocalCa:
    return local_ca(tmp_path)


def handshake(leaf: Issued, trusted: Path, host: str, tmp_path: Path) -> None:
    """A TLS handshake of a server with the leaf and a client that trusts the CA; raises when it fails."""
    chain, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    chain.write_bytes(leaf.chain_pem)
    key.write_bytes(leaf.key_pem)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(chain, key)
    client = ssl.create_default_context(cafile=str(trusted))
    near, far = socket.socketpair()

    def answer() -> None:
        try:
            with server.wrap_socket(far, server_side=True):
                pass
        except (ssl.SSLError, OSError):
            pass  # the client refused: it says why

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with client.wrap_socket(near, server_hostname=host):
            pass
    finally:
        near.close()
        thread.join()


@pytest.mark.parametrize("host", [DOMAIN, f"backend.{DOMAIN}", f"bucket.s3.{DOMAIN}", "localhost", "127.0.0.1"])
def test_clients_that_trust_the_ca_accept_the_leaf(authority: LocalCa, tmp_path: Path, host: str) -> None:
    handshake(authority.issue(DOMAIN), authority.certificate, host, tmp_path)


@pytest.mark.parametrize("host", ["example.org", "other.localhost", "a.b.alt.localhost"])
def test_other_hosts_are_refused(authority: LocalCa, tmp_path: Path, host: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.issue(DOMAIN), authority.certificate, host, tmp_path)


def test_the_ca_can_vouch_for_nothing_outside_localhost(authority: LocalCa, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(authority.issue("bank.example"), authority.certificate, "bank.example", tmp_path)


def test_openssl_agrees(authority: LocalCa, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    leaf = tmp_path / "leaf.crt"
    leaf.write_bytes(authority.issue(DOMAIN).chain_pem)
    argv = [
        "openssl",
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        str(authority.certificate),
    ]
    done = subprocess.run([*argv, str(leaf)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_second_call_gives_the_same(tmp_path: Path) -> None:
    first = local_ca(tmp_path).issue(DOMAIN)
    second = local_ca(tmp_path).issue(DOMAIN)
    assert first == second


def test_names_lives_and_modes(authority: LocalCa) -> None:
    certificate = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    assert f"devenv local CA {socket.gethostname()}"[:64] in certificate.subject.rfc4514_string()
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == dt.timedelta(days=3650)
    leaf = x509.load_pem_x509_certificate(authority.issue(DOMAIN).chain_pem)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == dt.timedelta(days=825)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [DOMAIN, f"*.{DOMAIN}", f"*.s3.{DOMAIN}", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.IPv4Address("127.0.0.1")]
    for file in (authority.folder / "authority.pem", authority.folder / f"{DOMAIN}.pem"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [path for path in authority.folder.iterdir() if path.name.startswith(".")]


def test_a_leaf_is_renewed_in_its_last_thirty_days(authority: LocalCa) -> None:
    first = authority.issue(DOMAIN)
    assert authority.issue(DOMAIN, now=NOW + dt.timedelta(days=790)) == first
    renewed = authority.issue(DOMAIN, now=NOW + dt.timedelta(days=800))
    assert renewed != first
    assert authority.issue(DOMAIN) == renewed


def test_a_ca_near_its_end_is_made_anew_with_its_leaves(authority: LocalCa) -> None:
    before = authority.certificate.read_bytes()
    first = authority.issue(DOMAIN)
    later = authority.issue(DOMAIN, now=NOW + dt.timedelta(days=3640))
    assert later != first
    assert authority.certificate.read_bytes() != before


def test_a_leaf_never_outlives_its_ca(authority: LocalCa) -> None:
    late = NOW + dt.timedelta(days=3500)
    leaf = x509.load_pem_x509_certificate(authority.issue(DOMAIN, now=late).chain_pem)
    ca = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    assert leaf.not_valid_after_utc <= ca.not_valid_after_utc


@pytest.mark.parametrize("name", ["authority.pem", f"{DOMAIN}.pem"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\n"])
def test_damaged_files_are_replaced(authority: LocalCa, tmp_path: Path, name: str, content: bytes) -> None:
    authority.issue(DOMAIN)
    (authority.folder / name).write_bytes(content)
    handshake(authority.issue(DOMAIN), authority.certificate, DOMAIN, tmp_path)


def test_runs_at_the_same_time_share_one_ca(tmp_path: Path) -> None:
    found: list[bytes] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        found.append(local_ca(tmp_path).issue(DOMAIN).chain_pem.split(b"-----END")[1])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


def test_a_domain_can_be_forgotten(authority: LocalCa) -> None:
    first, delegate = authority.issue(DOMAIN), authority.issue_authority(DOMAIN)
    assert authority.issue_authority(DOMAIN) == delegate
    authority.forget(DOMAIN)
    authority.forget(DOMAIN)
    assert authority.issue(DOMAIN) != first
    assert authority.issue_authority(DOMAIN) != delegate


def signed_by(issuer: Issued, host: str, *, is_authority: bool = False) -> Issued:
    """A certificate for a host by whoever has the CA, as cert-manager makes them."""
    key, now = ec.generate_private_key(ec.SECP256R1()), NOW - dt.timedelta(minutes=1)
    parent = x509.load_pem_x509_certificate(issuer.chain_pem)
    own = serialization.load_pem_private_key(issuer.key_pem, password=None)
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, host)])
    address = host.replace(".", "").isdigit()
    name = x509.IPAddress(ipaddress.ip_address(host)) if address else x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder(parent.subject, subject, key.public_key(), 7, now, now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(own, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Issued(certificate.public_bytes(serialization.Encoding.PEM) + issuer.chain_pem, key.private_bytes(*form))


@pytest.mark.parametrize("host", [DOMAIN, f"backend.{DOMAIN}", f"a.b.{DOMAIN}"])
def test_what_the_cas_of_projects_sign_is_trusted_for_names_of_the_project(
    authority: LocalCa, tmp_path: Path, host: str
) -> None:
    handshake(signed_by(authority.issue_authority(DOMAIN), host), authority.certificate, host, tmp_path)


@pytest.mark.parametrize("host", ["localhost", "other.localhost", "bank.example", "127.0.0.1", "10.0.0.1"])
def test_it_is_trusted_for_nothing_else(authority: LocalCa, tmp_path: Path, host: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="subtree violation"):
        handshake(signed_by(authority.issue_authority(DOMAIN), host), authority.certificate, host, tmp_path)


def test_the_ca_of_a_project_makes_no_other(authority: LocalCa, tmp_path: Path) -> None:
    below = signed_by(authority.issue_authority(DOMAIN), f"ca.{DOMAIN}", is_authority=True)
    with pytest.raises(ssl.SSLCertVerificationError, match="path length"):
        handshake(signed_by(below, f"backend.{DOMAIN}"), authority.certificate, f"backend.{DOMAIN}", tmp_path)


def test_a_cluster_is_not_given_the_key_of_the_local_ca(authority: LocalCa) -> None:
    issued = authority.issue_authority(DOMAIN)
    first, second = x509.load_pem_x509_certificates(issued.chain_pem)
    assert second == x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    assert first.public_key() != second.public_key()
    assert issued.key_pem not in (authority.folder / "authority.pem").read_bytes()
    file = authority.folder / f"{DOMAIN}.authority.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_ca_of_an_earlier_devenv_is_signed_anew_with_its_key_when_it_is_to_sign_another(
    authority: LocalCa, tmp_path: Path
) -> None:
    file = authority.folder / "authority.pem"
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    (now,) = x509.load_pem_x509_certificates(file.read_bytes())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    former = x509.CertificateBuilder(
        now.issuer, now.subject, now.public_key(), 7, now.not_valid_before_utc, now.not_valid_after_utc
    )
    for extension in now.extensions:
        basic = isinstance(extension.value, x509.BasicConstraints)
        value = x509.BasicConstraints(ca=True, path_length=0) if basic else extension.value
        former = former.add_extension(value, extension.critical)
    pem = former.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    file.write_bytes(file.read_bytes().partition(b"-----BEGIN CERTIFICATE-----")[0] + pem)
    leaf = authority.issue(DOMAIN)
    assert authority.certificate.read_bytes() == pem

    delegate = authority.issue_authority(DOMAIN)

    assert authority.certificate.read_bytes() != pem
    handshake(leaf, authority.certificate, DOMAIN, tmp_path)
    handshake(signed_by(delegate, DOMAIN), authority.certificate, DOMAIN, tmp_path)
    trusted_before = tmp_path / "former.crt"
    trusted_before.write_bytes(pem)
    handshake(authority.issue(DOMAIN), trusted_before, DOMAIN, tmp_path)
