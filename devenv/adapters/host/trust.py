"""Whom the host trusts and through whom it speaks: CA bundle, extra CAs, proxies.

Responsible for reading this. Builds, nodes and downloads are told by their own modules.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import importlib.util
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

_BUNDLES = (
    "etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "etc/ssl/ca-bundle.pem",  # openSUSE
    "etc/ssl/cert.pem",  # macOS
)
_DISTRIBUTED = ("usr/share/ca-certificates", "usr/share/pki/ca-trust-source")
"""Where the distribution's own set lies, as packaged."""
_LOCAL = (
    "usr/local/share/ca-certificates",
    "etc/pki/ca-trust/source/anchors",
    "etc/ca-certificates/trust-source/anchors",
)
"""Where an administrator adds to it."""
_SOURCES = ("GOPROXY", "GOSUMDB", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL")
"""Variables with addresses of what programs fetch; Go's divides them with commas and bars, pip's with blanks."""
_APART = re.compile(r"[,|\s]+")
_PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----(.+?)-----END", re.DOTALL)


@dataclass(frozen=True, slots=True)
class HostTrust:
    """The host's bundle, and whether there is more in it than the distribution put there."""

    bundle: Path | None
    extra: bool
    """Then containers that talk TLS need the bundle too: a company's CA, an intercepting proxy."""
    added: tuple[Path, ...] = ()
    """Where an administrator has added to it."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """Proxies from the environment; empty where none is set."""

    http: str
    https: str
    exempt: str
    """Comma-separated hosts that are reached directly (NO_PROXY)."""

    def variables(self) -> dict[str, str]:
        """Under all the names that programs look at, for builds and containers; empty without a proxy."""
        if not (self.http or self.https):
            return {}
        named = {"http_proxy": self.http, "https_proxy": self.https, "no_proxy": self.exempt}
        both = {**named, **{name.upper(): value for name, value in named.items()}}
        return {name: value for name, value in both.items() if value}

    def passwords(self) -> tuple[str, ...]:
        """The passwords in the addresses, as they stand there and decoded."""
        return _passwords([self.http, self.https])


def observe_trust(root: Path = Path("/"), *, environ: Mapping[str, str] = os.environ) -> HostTrust:
    """Find the bundle, as OpenSSL would (SSL_CERT_FILE first), and compare it with what was distributed."""
    bundle = _bundle(root, environ.get("SSL_CERT_FILE", ""))
    added = tuple(file for folder in _LOCAL for file in _files(root / folder))
    if bundle is None or added:
        return HostTrust(bundle, bool(added) and bundle is not None, added)
    known = _fingerprints(file for folder in _DISTRIBUTED for file in _files(root / folder))
    known |= _fingerprints(_certifi())
    return HostTrust(bundle, extra=bool(known) and not _fingerprints([bundle]) <= known)


def observe_proxies(environ: Mapping[str, str] = os.environ) -> Proxies:
    """The proxies that the user's environment names, in lower or upper case as curl reads them."""

    def value(name: str) -> str:
        return environ.get(name.lower()) or environ.get(name.upper()) or ""

    common = value("all_proxy")
    return Proxies(value("http_proxy") or common, value("https_proxy") or common, value("no_proxy"))


def passwords_in(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The passwords in the addresses that the user's environment names: of proxies, and of Go's and pip's sources."""
    sources = [address for name in _SOURCES for address in _APART.split(environ.get(name, ""))]
    return tuple({*observe_proxies(environ).passwords(), *_passwords(sources)})


def _passwords(addresses: Iterable[str]) -> tuple[str, ...]:
    written = [_password(address) for address in addresses]
    return tuple({text for password in written if password for text in (password, unquote(password))})


def _password(address: str) -> str:
    """What stands between the first colon and the last @ of an address's host; also where no scheme is written.

    Where there is no colon, or nothing after it, what stands there is a token.
    """
    user, at, _ = address.rpartition("@")
    name, _, password = user.rpartition("://")[2].partition(":") if at else ("", "", "")
    return password or name


def _bundle(root: Path, chosen: str) -> Path | None:
    candidates = [Path(chosen)] if chosen else []
    candidates += [root / name for name in _BUNDLES]
    return next((path for path in candidates if path.is_file()), None)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def _certifi() -> list[Path]:
    """Mozilla's set as PyPI carries it, where it happens to be installed."""
    found = importlib.util.find_spec("certifi")
    return [Path(found.origin).parent / "cacert.pem"] if found and found.origin else []


def _fingerprints(files: Iterable[Path]) -> set[str]:
    """Hashes of the certificates in PEM files."""
    found: set[str] = set()
    for file in files:
        for body in _PEM.findall(file.read_bytes()):
            try:
                found.add(hashlib.sha256(base64.b64decode(body)).hexdigest())
            except binascii.Error:  # not a certificate after all: nobody can trust it
                continue
    return found
