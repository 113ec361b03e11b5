"""Certificates and proxies: through whom this machine and its engine speak, and whom they trust."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from devenv.adapters.certificates import Lifetime, LocalCa, lifetime
from devenv.adapters.docker import EngineVersion
from devenv.adapters.files.paths import host_state_dir
from devenv.adapters.host.trust import Proxies, observe_proxies, observe_trust
from devenv.errors import EngineUnavailableError, UnfitEngineError
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity
from devenv.spec.project import LOOPBACK

_REACH_SECONDS = 0.8
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_OF_THIS_MACHINE = ("localhost", LOOPBACK)

BUNDLE = Kind(
    "ca-bundle",
    Severity.ERROR,
    "The certificates that this machine trusts cannot be read",
    "nothing is downloaded, and no registry reached: `certificate verify failed`",
    "SSL_CERT_FILE names the bundle, else the distribution's is taken. A bundle without a certificate, or a "
    "variable that names no file, leaves programs with nobody to trust. Builds and pods are given the same bundle.",
)
EXPIRED = Kind(
    "ca-bundle-expired",
    Severity.WARNING,
    "A certificate authority that was added to this machine has expired, or soon will",
    "addresses behind your company's proxy cannot be reached any more",
    "Looked at are those below /usr/local/share/ca-certificates and in the like places, where administrators add "
    "them, and a bundle that SSL_CERT_FILE names with a single certificate in it.",
)
EXEMPT = Kind(
    "proxy-exemptions",
    Severity.WARNING,
    "Calls to this machine are sent to the proxy",
    "programs other than devenv get the proxy's error page from your endpoints and databases",
    "Where HTTP_PROXY or HTTPS_PROXY is set, NO_PROXY has to contain `localhost` (names below it count as well, "
    "for most programs) and `127.0.0.1`. devenv itself never calls this machine through a proxy.",
)
UNREACHED = Kind(
    "proxy-unreachable",
    Severity.ERROR,
    "The proxy does not answer",
    "nothing can be downloaded or built",
    "A connection to the proxy's host and port is tried for less than a second. At home, without the VPN, a "
    "company's proxy is not there: unset the variables then.",
)
ENGINE_PROXY = Kind(
    "engine-proxy",
    Severity.WARNING,
    "The engine does not know the proxy",
    "pulls fail or take very long, though this shell reaches the registries",
    "The daemon pulls images, and it has an environment of its own: [Docker's "
    "page](https://docs.docker.com/engine/daemon/proxy/). `devenv up` makes images by recipes where no registry "
    "answers.",
)
SECRET = Kind(
    "proxy-password",
    Severity.NOTE,
    "The proxy's address has a password in it",
    "nodes are not told of this proxy, since every process could read the password there, and pull without",
    "kind hands proxies to nodes in the engine's argument list. devenv loads the images of its stacks into the "
    "nodes, so few pulls are left.",
)
LOCAL_CA = Kind(
    "local-ca",
    Severity.WARNING,
    "devenv's local CA ends soon, or is damaged",
    "`devenv up` makes another, and whoever trusts the old one has to trust that",
    "The CA lasts ten years, and is made anew a month before its end. Its certificate: `devenv certificate`. The "
    "endpoints' certificate is replaced by the next `devenv up`.",
)


@dataclass(frozen=True, slots=True)
class TrustFacts:
    """Whom this machine trusts, and how it gets out."""

    now: datetime
    bundle: Path | None
    named: str
    """What SSL_CERT_FILE says; empty where it is not set."""
    unusable: str
    """Why the bundle cannot be used; empty where it can."""
    added: tuple[tuple[Path, Lifetime], ...]
    """Authorities that were added to this machine."""
    proxies: Proxies
    unreachable: tuple[tuple[str, str], ...]
    """Proxies by host and port that do not answer, with the reason."""
    engine: EngineVersion | None
    local_ca: Lifetime | None
    local_ca_file: Path | None
    """None where there is no CA yet."""


def observe(subject: Subject) -> TrustFacts:
    proxies, trust = observe_proxies(subject.environ), observe_trust(environ=subject.environ)
    named = subject.environ.get("SSL_CERT_FILE", "")
    bundle = Path(named) if named else trust.bundle
    authority = LocalCa(host_state_dir("ca", create=False)).certificate
    try:
        engine = subject.version.get()
    except (EngineUnavailableError, UnfitEngineError):
        engine = None
    return TrustFacts(
        now=datetime.now(UTC),
        bundle=bundle,
        named=named,
        unusable=_unusable(bundle),
        added=tuple(_lifetimes([*trust.added, *([bundle] if named and bundle else [])])),
        proxies=proxies,
        unreachable=tuple(_unreachable(proxies)),
        engine=engine,
        local_ca=lifetime(authority.read_bytes()) if authority.is_file() else None,
        local_ca_file=authority if authority.is_file() else None,
    )


def judge(facts: TrustFacts) -> Iterator[Finding]:
    yield from _judge_bundle(facts)
    yield from _judge_proxies(facts)
    if facts.local_ca_file and facts.local_ca is None:
        yield LOCAL_CA.found(f"{facts.local_ca_file} holds no certificate", "devenv up    # makes another")
    elif facts.local_ca and facts.local_ca.ends_soon(facts.now):
        ends = f"{facts.local_ca_file} ends on {facts.local_ca.ends:%Y-%m-%d}"
        yield LOCAL_CA.found(ends, "devenv up; then trust the new one: devenv certificate")


def _judge_bundle(facts: TrustFacts) -> Iterator[Finding]:
    if facts.unusable:
        by = ", which SSL_CERT_FILE names," if facts.named else ""
        remedy = "unset SSL_CERT_FILE" if facts.named else "sudo apt-get install --reinstall ca-certificates"
        yield BUNDLE.found(f"{facts.bundle or 'no bundle'}{by} {facts.unusable}", remedy)
        return
    for file, one in facts.added:
        if one.ends_soon(facts.now):
            tense = "ended" if one.ends < facts.now else "ends"
            summary = f"{one.subject} in {file} {tense} on {one.ends:%Y-%m-%d}"
            yield EXPIRED.found(summary, "ask who gave it to you for the new one; then: sudo update-ca-certificates")


def _judge_proxies(facts: TrustFacts) -> Iterator[Finding]:
    proxies = facts.proxies
    if not (proxies.http or proxies.https):
        return
    exempt = {entry.strip().removeprefix("*.").removeprefix(".") for entry in proxies.exempt.split(",")}
    if "*" not in exempt and (missing := [host for host in _OF_THIS_MACHINE if host not in exempt]):
        whole = ",".join(filter(None, [proxies.exempt, *missing]))
        remedy = f"export NO_PROXY={whole} no_proxy={whole}"
        yield EXEMPT.found(f"NO_PROXY lacks {' and '.join(missing)}", remedy)
    for address, reason in facts.unreachable:
        yield UNREACHED.found(
            f"{address}: {reason}", "unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy; or start the VPN"
        )
    if facts.engine and not (facts.engine.http_proxy or facts.engine.https_proxy):
        remedy = (
            "sudo systemctl edit docker    # [Service] Environment=HTTPS_PROXY=…; then: sudo systemctl restart docker"
        )
        yield ENGINE_PROXY.found("this shell has a proxy, and the engine has none", remedy)
    if proxies.passwords():
        yield SECRET.found(
            "HTTP_PROXY or HTTPS_PROXY has a password", "use a proxy on this machine that logs in for you"
        )


def _unusable(bundle: Path | None) -> str:
    if bundle is None:
        return "is found on this machine"
    try:
        found = ssl.create_default_context(cafile=str(bundle)).get_ca_certs()
    except FileNotFoundError:
        return "is not there"
    except (OSError, ssl.SSLError) as error:
        return f"cannot be read: {error.strerror or error}"
    return "" if found else "holds no certificate authority"


def _lifetimes(files: list[Path]) -> Iterator[tuple[Path, Lifetime]]:
    """Those of files with one certificate; a whole distribution's bundle holds some that are about to end, always."""
    for file in files:
        with contextlib.suppress(OSError):
            text = file.read_bytes()
            if text.count(b"-----BEGIN ") == 1 and (found := lifetime(text)):
                yield file, found


def _unreachable(proxies: Proxies) -> Iterator[tuple[str, str]]:
    """Those that do not answer, by host and port: the rest of an address may be a password."""
    for address in dict.fromkeys(filter(None, (proxies.http, proxies.https))):
        parts = urlsplit(address if "://" in address else f"http://{address}")
        try:
            host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)
        except ValueError as error:
            yield "a proxy's address", str(error)
            continue
        try:
            socket.create_connection((host, port), _REACH_SECONDS).close()
        except OSError as error:
            yield f"{host}:{port}", error.strerror or str(error)


CHECK = Check(
    "certificates and proxies",
    observe,
    judge,
    (BUNDLE, EXPIRED, EXEMPT, UNREACHED, ENGINE_PROXY, SECRET, LOCAL_CA),
    before_up=True,
)
