"""Whom the host trusts, and its proxies: with certificates made here and file systems written down here."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.adapters.certificates import local_ca
from devenv.adapters.host.trust import Proxies, observe_proxies, observe_trust

DEBIAN_BUNDLE = "etc/ssl/certs/ca-certificates.crt"


def certificate(folder: Path) -> bytes:
    folder.mkdir(parents=True)
    return local_ca(folder).certificate.read_bytes()


@pytest.fixture
def public(tmp_path: Path) -> bytes:
    return certificate(tmp_path / "public-ca")


@pytest.fixture
def company(tmp_path: Path) -> bytes:
    return certificate(tmp_path / "company-ca")


def machine(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def test_a_bundle_of_distributed_certificates_has_nothing_extra(tmp_path: Path, public: bytes) -> None:
    files = {DEBIAN_BUNDLE: b"# comment\n" + public, "usr/share/ca-certificates/mozilla/one.crt": public}
    trust = observe_trust(machine(tmp_path, files), environ={})
    assert trust.bundle == tmp_path / DEBIAN_BUNDLE
    assert not trust.extra


def test_a_certificate_that_was_not_distributed_is_noticed(tmp_path: Path, public: bytes, company: bytes) -> None:
    files = {DEBIAN_BUNDLE: public + company, "usr/share/ca-certificates/mozilla/one.crt": public}
    assert observe_trust(machine(tmp_path, files), environ={}).extra


@pytest.mark.parametrize(
    ("bundle", "anchor"),
    [
        (DEBIAN_BUNDLE, "usr/local/share/ca-certificates/company.crt"),
        ("etc/pki/tls/certs/ca-bundle.crt", "etc/pki/ca-trust/source/anchors/company.pem"),
        ("etc/ssl/certs/ca-certificates.crt", "etc/ca-certificates/trust-source/anchors/company.crt"),
    ],
)
def test_an_administrators_own_anchor_is_noticed(
    tmp_path: Path, public: bytes, company: bytes, bundle: str, anchor: str
) -> None:
    trust = observe_trust(machine(tmp_path, {bundle: public + company, anchor: company}), environ={})
    assert trust.bundle == tmp_path / bundle
    assert trust.extra


def test_a_bundle_of_the_users_choice_comes_first(tmp_path: Path, public: bytes, company: bytes) -> None:
    root = machine(tmp_path, {DEBIAN_BUNDLE: public, "own.pem": company, "usr/share/ca-certificates/a.crt": public})
    trust = observe_trust(root, environ={"SSL_CERT_FILE": str(root / "own.pem")})
    assert trust.bundle == root / "own.pem"
    assert trust.extra
    assert observe_trust(root, environ={"SSL_CERT_FILE": "/not/there"}).bundle == root / DEBIAN_BUNDLE


def test_a_machine_without_a_bundle(tmp_path: Path) -> None:
    trust = observe_trust(tmp_path, environ={})
    assert trust.bundle is None
    assert not trust.extra


def test_a_block_that_is_no_base64_is_passed_over(tmp_path: Path, public: bytes) -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
    files = {DEBIAN_BUNDLE: public + broken, "usr/share/ca-certificates/mozilla/one.crt": public}
    assert not observe_trust(machine(tmp_path, files), environ={}).extra


def test_proxies_of_the_environment() -> None:
    assert observe_proxies({}) == Proxies("", "", "")
    assert observe_proxies({}).variables() == {}
    assert observe_proxies({"NO_PROXY": "a"}).variables() == {}
    found = observe_proxies({"HTTPS_PROXY": "http://p:3128", "no_proxy": "localhost,.example"})
    assert found == Proxies("", "http://p:3128", "localhost,.example")
    assert found.variables() == {
        "https_proxy": "http://p:3128",
        "HTTPS_PROXY": "http://p:3128",
        "no_proxy": "localhost,.example",
        "NO_PROXY": "localhost,.example",
    }
    assert observe_proxies({"ALL_PROXY": "socks5://p"}).https == "socks5://p"
    assert observe_proxies({"http_proxy": "low", "HTTP_PROXY": "UP"}).http == "low"
