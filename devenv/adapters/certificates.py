"""TLS for the project's endpoints: the user's local CA, and certificates for the names below `<project>.localhost`.

Responsible for making, keeping and renewing both, and the CAs of single projects that a cluster is given: the local
CA's own key never leaves this machine. It never touches a trust store: whether to trust the CA is the user's decision,
and the CA can sign nothing but names under `localhost` and addresses of this machine.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import ipaddress
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from devenv.adapters.files.paths import host_state_dir
from devenv.spec.project import LOOPBACK

_CA_DAYS = 3650
_LEAF_DAYS = 825
"""The longest life that Apple's systems accept of a certificate from a private CA."""
_RENEW_DAYS = 30
_DELEGATIONS = 1
"""CAs that may stand between the local one and a certificate: those of projects, which sign no others."""
_SKEW = dt.timedelta(minutes=5)
"""Clocks of containers and virtual machines lag."""
_LOOPBACK = ipaddress.IPv4Address(LOOPBACK)
_DRAFT = ".draft-"
_LONGEST_NAME = 64
"""Upper bound of a common name (X.520)."""
_CERTIFICATE_MARK = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that the local CA has signed, PEM."""

    chain_pem: bytes
    """The certificate, then the CA's."""
    key_pem: bytes


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Whose a certificate is, and until when it is taken."""

    subject: str
    ends: dt.datetime

    def ends_soon(self, now: dt.datetime) -> bool:
        """Whether devenv makes one like this anew, were it its own."""
        return self.ends - now < dt.timedelta(days=_RENEW_DAYS)


def lifetime(pem: bytes) -> Lifetime | None:
    """Of the first certificate in a text; None where there is none."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError:
        return None
    return Lifetime(certificate.subject.rfc4514_string(), certificate.not_valid_after_utc)


def is_from(pem: bytes, authority: bytes) -> bool:
    """Whether a certificate was signed by another one, both PEM."""
    try:
        x509.load_pem_x509_certificate(pem).verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Pair:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class LocalCa:
    """The CA of this user on this host, kept in `folder`."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """The CA's certificate, PEM: what a browser or `curl --cacert` is given."""
        return self.folder / "devenv-local-ca.crt"

    def issue(self, domain: str, *, now: dt.datetime | None = None) -> Issued:
        """A certificate for `domain`, `*.domain`, `*.s3.domain`, localhost and 127.0.0.1; the old one if good."""
        return self._issue(_LEAF, domain, now)

    def issue_authority(self, domain: str, *, now: dt.datetime | None = None) -> Issued:
        """A CA for `domain` and the names below it alone, which lasts as long as this one; the old one if good."""
        return self._issue(_DELEGATE, domain, now)

    def forget(self, domain: str) -> None:
        """Remove the certificate and the CA of a domain."""
        for kind in (_LEAF, _DELEGATE):
            self._file(kind, domain).unlink(missing_ok=True)

    def ensure(self, *, now: dt.datetime | None = None) -> None:
        """Make the CA unless there is one that lasts."""
        with _locked(self.folder):
            self._authority(now or dt.datetime.now(dt.UTC))

    def _issue(self, kind: _Signed, domain: str, now: dt.datetime | None) -> Issued:
        now = now or dt.datetime.now(dt.UTC)
        with _locked(self.folder):
            authority = self._authority(now, delegates=kind.is_authority)
            file = self._file(kind, domain)
            pair = _read(file)
            if pair is None or not _is_as_wanted(pair.certificate, kind.extension(domain), authority, now):
                pair = _sign(kind, domain, authority, now)
                _write(file, _pem(pair))
        return Issued(_public(pair) + _public(authority), _private(pair))

    def _file(self, kind: _Signed, domain: str) -> Path:
        return self.folder / f"{domain}{kind.suffix}.pem"

    def _authority(self, now: dt.datetime, *, delegates: bool = False) -> _Pair:
        """The CA from before, or a new one when there is none, it is damaged, or it ends soon.

        One of an earlier devenv may sign no CA: where it is to, it is signed anew with the same key, so that what it
        has signed stays good for whoever trusts either of the two.
        """
        file = self.folder / "authority.pem"
        pair = _read(file)
        if pair is None or _ends_soon(pair.certificate, now):
            pair = _new_authority(now, ec.generate_private_key(ec.SECP256R1()))
            _write(file, _pem(pair))
        elif delegates and not _may_delegate(pair.certificate):
            pair = _new_authority(now, pair.key)
            _write(file, _pem(pair))
        if not self.certificate.is_file() or self.certificate.read_bytes() != _public(pair):
            _write(self.certificate, _public(pair), mode=0o644)
        return pair


def local_ca(folder: Path | None = None) -> LocalCa:
    """The user's CA, made when it is missing."""
    authority = LocalCa(folder or host_state_dir("ca"))
    authority.ensure()
    return authority


def _new_authority(now: dt.datetime, key: ec.EllipticCurvePrivateKey) -> _Pair:
    name = _name(f"devenv local CA {socket.gethostname()}"[:_LONGEST_NAME])
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    permitted: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.IPv4Network("127.0.0.0/8")),
        x509.IPAddress(ipaddress.IPv6Network("::1/128")),
    ]
    certificate = (
        _builder(name, name, key, now, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=_DELEGATIONS), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(own, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _Pair(key, certificate)


def _may_delegate(certificate: x509.Certificate) -> bool:
    length = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    return length is None or length >= _DELEGATIONS


def _sign(kind: _Signed, domain: str, authority: _Pair, now: dt.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate
    left = (issuer.not_valid_after_utc - now).days
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    own_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    days, is_authority = min(kind.days, left), kind.is_authority
    builder = (
        _builder(_name(f"{kind.title}{domain}"[:_LONGEST_NAME]), issuer.subject, key, now, days)
        .add_extension(kind.extension(domain), critical=is_authority)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(_usage(signs_certificates=is_authority), critical=True)
        .add_extension(issuer_key, critical=False)
        .add_extension(own_key, critical=False)
    )
    if not is_authority:  # what a CA signs may be for clients as well
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return _Pair(key, builder.sign(authority.key, hashes.SHA256()))


def _subjects(domain: str) -> x509.SubjectAlternativeName:
    # A wildcard stands for one label, and S3's clients put the bucket before the endpoint's name.
    names = [x509.DNSName(name) for name in (domain, f"*.{domain}", f"*.s3.{domain}", "localhost")]
    return x509.SubjectAlternativeName([*names, x509.IPAddress(_LOOPBACK)])


def _limits(domain: str) -> x509.NameConstraints:
    # A kind of name of which nothing is permitted is free: addresses are of no one project.
    addresses = [
        x509.IPAddress(ipaddress.IPv4Network("0.0.0.0/0")),
        x509.IPAddress(ipaddress.IPv6Network("::/0")),
    ]
    return x509.NameConstraints([x509.DNSName(domain)], addresses)


@dataclass(frozen=True, slots=True)
class _Signed:
    """A kind of certificate that the CA signs for a domain."""

    extension: Callable[[str], x509.SubjectAlternativeName | x509.NameConstraints]
    """Which names it is for."""
    days: int
    title: str = ""
    suffix: str = ""
    is_authority: bool = False


_LEAF = _Signed(_subjects, _LEAF_DAYS)
_DELEGATE = _Signed(_limits, _CA_DAYS, title="devenv CA ", suffix=".authority", is_authority=True)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now - _SKEW + dt.timedelta(days=days))
    )


def _name(common: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "devenv")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _is_as_wanted(
    certificate: x509.Certificate,
    extension: x509.SubjectAlternativeName | x509.NameConstraints,
    authority: _Pair,
    now: dt.datetime,
) -> bool:
    """Whether the certificate is for these names, from this CA, and lasts."""
    try:
        certificate.verify_directly_issued_by(authority.certificate)
        found = certificate.extensions.get_extension_for_class(type(extension)).value
    except (InvalidSignature, ValueError, x509.ExtensionNotFound):
        return False
    return found == extension and not _ends_soon(certificate, now)


def _ends_soon(certificate: x509.Certificate, now: dt.datetime) -> bool:
    return certificate.not_valid_after_utc - now < dt.timedelta(days=_RENEW_DAYS)


def _private(pair: _Pair) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return pair.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _public(pair: _Pair) -> bytes:
    return pair.certificate.public_bytes(serialization.Encoding.PEM)


def _pem(pair: _Pair) -> bytes:
    """Key and certificate in one file, so that they cannot come apart when a write is interrupted."""
    return _private(pair) + _public(pair)


def _read(file: Path) -> _Pair | None:
    """The pair in a file; None when there is none, or nothing that could be used."""
    try:
        key_pem, mark, rest = file.read_bytes().partition(_CERTIFICATE_MARK)
        key = serialization.load_pem_private_key(key_pem, password=None)
        certificate = x509.load_pem_x509_certificate(mark + rest)
    except (OSError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return _Pair(key, certificate)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One run at a time: two that start together are to agree on one CA."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for draft in folder.glob(f"{_DRAFT}*"):  # of a run that was killed
            draft.unlink()
        yield


def _write(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file whole or not at all."""
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=_DRAFT)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())  # else a power cut may leave a CA that has to be made, and trusted, anew
        Path(draft).chmod(mode)
        Path(draft).replace(file)
    finally:
        Path(draft).unlink(missing_ok=True)
