"""The container engine: whether one answers, whether a cluster can work in it, and how well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devenv.adapters.docker import EngineVersion
from devenv.adapters.files.paths import data_root
from devenv.errors import DevenvError, EngineSilentError, EngineUnavailableError, UnfitEngineError
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity
from devenv.runtime.host.fitness import apart, own_container, unfit

_OLDEST_API = (1, 41)
_SLOW_DRIVERS = {
    "vfs": "it copies every layer whole",
    "devicemapper": "Docker has given it up",
    "aufs": "Docker has given it up",
}
_UNDER_SNAP = "/var/snap/"

MISSING = Kind(
    "engine-missing",
    Severity.ERROR,
    "No container engine answers",
    "every command that needs a cluster ends with this error",
    "DOCKER_HOST is asked, else the docker context in use, else the default socket. Where DOCKER_HOST or a context "
    "names an engine that does not answer, no other is looked for. `devenv engine` installs and starts the "
    "distribution's on Debian and Ubuntu, and tells the steps elsewhere.",
)
SILENT = Kind(
    "engine-silent",
    Severity.ERROR,
    "A container engine is there, and gives no answer",
    "commands wait for it, up to a minute, and then give up",
    "Somebody listens on the engine's socket and does not answer within three seconds: a daemon that hangs on "
    "its disk, is being stopped, or has no processor left. Nothing is started over it.",
)
UNFIT = Kind(
    "engine-unfit",
    Severity.ERROR,
    "A cluster cannot work in this engine",
    "`devenv up` refuses to make one",
    "An engine on another machine opens a cluster's ports there; podman has another API; a rootless engine without "
    "control groups of version 2, or without the right to limit, cannot run nodes "
    "([kind](https://kind.sigs.k8s.io/docs/user/rootless/)); and a devenv in a container needs the host's network.",
)
OLD = Kind(
    "engine-old",
    Severity.WARNING,
    "The engine is older than any that devenv is tried with",
    "calls that it does not know fail in the middle of a run",
    "devenv is tried with Docker 20.10 (API 1.41) and newer.",
)
STORAGE = Kind(
    "storage-driver",
    Severity.WARNING,
    "The engine keeps images in a slow way",
    "images take several times the disk and the time",
    "overlay2 (or, with containerd's image store, overlayfs) is what to use wherever the file system allows it: "
    "[Docker's page on storage drivers](https://docs.docker.com/engine/storage/drivers/select-storage-driver/). "
    "Images have to be made or pulled anew after a change.",
)
CGROUP = Kind(
    "cgroup-v1",
    Severity.NOTE,
    "The machine has control groups of version 1",
    "none with devenv, which tells the kubelet that it may run; other tools refuse from Kubernetes 1.35 on",
    "Kubernetes 1.35 and later refuse version 1 unless `failCgroupV1: false` is set, and systemd 258 has dropped "
    "it. A node image of your own has to go with that.",
)
FORWARDING = Kind(
    "ip-forwarding",
    Severity.ERROR,
    "The engine's machine does not pass packets on",
    "pods and builds reach nothing outside",
    "Docker needs `net.ipv4.ip_forward` to be 1 and sets it when it starts; hardening scripts set it back.",
)
RUNTIME = Kind(
    "engine-runtime",
    Severity.ERROR,
    "The engine's runtime cannot start privileged containers here",
    "the cluster's nodes do not start: `unable to apply caps`",
    "The machine does not grant CAP_SYS_RESOURCE, as some sandboxes, and runc gives a privileged container all "
    "capabilities. The engine that devenv starts gets a runtime that does without.",
)
SNAP = Kind(
    "engine-snap",
    Severity.WARNING,
    "The engine is a snap",
    "it does not see hidden folders and temporary files of yours, with which builds and loads fail",
    "kind says [the same](https://kind.sigs.k8s.io/docs/user/known-issues/#docker-installed-with-snap). Use "
    "Docker's own or the distribution's packages.",
)


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What was found at the engine's address."""

    error: DevenvError | None = None
    """Why none can be used."""
    version: EngineVersion | None = None
    address: str = ""
    apart: tuple[str, str] | None = None
    """Why this process does not reach a cluster's ports, and what to do."""
    sys_resource: bool = True
    """Whether the engine's machine grants CAP_SYS_RESOURCE, as far as it can be told from here."""


def observe(subject: Subject) -> EngineFacts:
    try:
        engine, version = subject.engine.get(), subject.version.get()
    except (EngineUnavailableError, UnfitEngineError) as error:
        return EngineFacts(error)
    # In a container the capabilities are its own, and not the engine's.
    told = engine.is_local and not own_container()
    return EngineFacts(
        version=version,
        address=engine.address,
        apart=apart(engine.containers.network_mode),
        sys_resource=subject.host.sys_resource or not told,
    )


def judge(facts: EngineFacts) -> Iterator[Finding]:
    if facts.error or not facts.version:
        yield _unusable(facts.error)
        return
    version = facts.version
    if reason := unfit(facts.address, version) or facts.apart:
        yield UNFIT.found(*reason)
    if tuple(int(part) for part in version.api.split(".")) < _OLDEST_API and not version.podman:
        yield OLD.found(f"engine {version.version} (API {version.api})", "upgrade it: docker version")
    if slow := _SLOW_DRIVERS.get(version.storage_driver):
        remedy = 'set "storage-driver": "overlay2" in /etc/docker/daemon.json, and restart the engine'
        yield STORAGE.found(f"its storage driver is {version.storage_driver}: {slow}", remedy)
    if version.cgroup == "1":
        yield CGROUP.found("control groups of version 1", "boot with systemd.unified_cgroup_hierarchy=1 to change it")
    if not version.forwards:
        yield FORWARDING.found("net.ipv4.ip_forward is 0", "sudo sysctl -w net.ipv4.ip_forward=1")
    if version.runtime == "runc" and not facts.sys_resource:
        wrapper = data_root() / "cluster/engine/runc-wrapper"
        remedy = f"stop this engine, then: devenv engine --yes; or make {wrapper} its default-runtime"
        yield RUNTIME.found("the machine lacks CAP_SYS_RESOURCE, and the engine's runtime is runc", remedy)
    if str(version.root).startswith(_UNDER_SNAP):
        yield SNAP.found(f"the engine's data are in {version.root}", "sudo snap remove docker; then: devenv engine")


def _unusable(error: DevenvError | None) -> Finding:
    if error is None:
        return MISSING.found("no engine answers", "devenv engine")
    cause = error.context.get("cause", "")
    kind = {EngineSilentError: SILENT, UnfitEngineError: UNFIT}.get(type(error), MISSING)
    if "timed out" in cause.lower():
        kind = SILENT  # where the user's own address is silent, the error is of that address
    return kind.found(f"{error.message} ({cause})" if cause else error.message, error.hint or "devenv engine")


CHECK = Check(
    "the container engine",
    observe,
    judge,
    (MISSING, SILENT, UNFIT, OLD, STORAGE, CGROUP, FORWARDING, RUNTIME, SNAP),
)
