"""The container engine as a service of this host: installed and started where none answers.

Responsible for the distribution's engine and a dockerd of devenv's own, and for telling what both change on
the host. An engine that is there already is never touched, be it silent; talking to one is the concern of
`devenv.adapters.docker`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.engine.daemon import EngineDaemon
from devenv.adapters.engine.hints import PERMISSION_STEPS, install_steps, start_steps
from devenv.adapters.engine.socket import await_engine, engine_id
from devenv.adapters.files.paths import host_state_dir
from devenv.adapters.files.records import read_record, remembered, write_whole
from devenv.adapters.host.packages import Packages, can_install
from devenv.adapters.host.system import Host
from devenv.adapters.process import administrators_path, find_program, run
from devenv.errors import EngineUnavailableError

PACKAGES = ("docker.io", "debootstrap", "iptables")
"""The engine, and what the Debian base images and the engine's networks are made with."""
SOCKET = Path("/var/run/docker.sock")
_RECORD = "changes.json"


@dataclass(frozen=True, slots=True)
class HostChange:
    """Something that devenv changed on the host."""

    what: str
    undo: str
    """The command that takes it back."""


def own_daemon(*, create: bool = True) -> EngineDaemon:
    """The dockerd that devenv starts where nothing else runs one."""
    return EngineDaemon(folder=host_state_dir("engine", create=create), socket=SOCKET)


def provide_engine(
    host: Host,
    *,
    agree: Callable[[], bool],
    progress: Callable[[str], None],
    cancel: threading.Event,
    on_line: Callable[[str], None] | None = None,
    daemon: EngineDaemon | None = None,
) -> str:
    """Make an engine answer on the system's socket; says how: `running`, `service` or `daemon`.

    Args:
        host: the machine.
        agree: asked where no engine is there: whether the user agrees to one being installed and started.
        progress: told what happens, in short messages.
        cancel: stops it.
        on_line: receives what apt prints.
        daemon: devenv's own dockerd where it is not the usual one.

    Raises:
        EngineSilentError: one is there, and does not answer: nothing is installed or started.
        EngineUnavailableError: it is not possible here, or not agreed to; the hint says what the user can do.
    """
    daemon = daemon or own_daemon()
    if await_engine(daemon.socket, cancel=cancel, on_wait=progress, patience=daemon.patience):
        return "running"
    if host.root and (daemon.pid() or daemon.other()):  # it starts, or has lost its socket
        progress("waiting for dockerd, which runs")
        daemon.start(host, cancel=cancel)
        return "running"
    refuse_where_impossible(host, agreed=agree(), socket=daemon.socket)
    if can_install(host) and (wanted := _unfinished()):
        progress(f"installing {', '.join(wanted)}")
        _record(wanted)
        _packages(host).install(wanted, on_line=on_line, cancel=cancel)
    if host.systemd:
        progress("starting docker.service")
        run(["systemctl", "start", "docker.service"], timeout=120, cancel=cancel, what="start docker.service")
        return "service"
    progress("starting dockerd")
    daemon.start(host, cancel=cancel)
    return "daemon"


def changes() -> list[HostChange]:
    """What devenv changed on this host for the engine, with the command that undoes each."""
    daemon = own_daemon(create=False)
    found = []
    packages = _recorded(daemon.folder / _RECORD)
    if pid := daemon.pid():
        found.append(HostChange(f"runs dockerd (pid {pid}, {daemon.config_file})", f"kill {pid}"))
    if packages:
        names = " ".join(packages)
        found.append(HostChange(f"installed {names}", f"apt-get purge --autoremove {names}"))
    if pid or packages:
        found.append(HostChange("the engine keeps images and containers in /var/lib/docker", "rm -rf /var/lib/docker"))
    return found


def is_own_engine(connected: str, *, daemon: EngineDaemon | None = None) -> bool:
    """Whether the engine of this ID is the one that devenv installed or started on this host.

    Then its build cache is devenv's to keep small. What is recorded of the host says nothing of an engine elsewhere.
    """
    daemon = daemon or own_daemon(create=False)
    if daemon.pid() is None and not remembered(daemon.folder / _RECORD, packages=list).get("packages"):
        return False
    return bool(connected) and engine_id(daemon.socket) == connected


def refuse_where_impossible(host: Host, *, agreed: bool, socket: Path = SOCKET, path: str | None = None) -> None:
    """Raise EngineUnavailableError, with steps for the user, where devenv cannot or may not start one.

    A dockerd is looked for on `path`, by default where administrators have their programs.
    """
    present = find_program("dockerd", path=path or administrators_path()) is not None
    if socket.exists() and not host.root:
        raise EngineUnavailableError(
            f"the container engine's socket {socket} does not answer this user",
            hint=f"{PERMISSION_STEPS}; when it does not run: {start_steps(host)}",
        )
    if not host.root or host.system != "linux":
        raise EngineUnavailableError(
            "no container engine answers, and devenv cannot start one without root on Linux",
            context={"system": host.os_name},
            hint=start_steps(host) if present else install_steps(host),
        )
    if not present and not can_install(host):
        raise EngineUnavailableError(
            f"no container engine answers, and devenv does not install one on {host.os_name or host.system}",
            hint=install_steps(host),
        )
    if not agreed:
        todo = "start dockerd" if present else f"install {', '.join(PACKAGES)} and start dockerd"
        raise EngineUnavailableError(
            f"no container engine answers; devenv can {todo} when you agree", hint="devenv up --yes"
        )


def _packages(host: Host) -> Packages:
    """The distribution's packages, as devenv installs them."""
    return Packages(host, log=host_state_dir("engine") / "apt.log")


def _unfinished() -> list[str]:
    """The packages that are still to be installed: all that are missing where there is no engine, else those of ours.

    They are recorded before they are installed: a run that is stopped in between leaves them half installed.
    """
    recorded = _recorded(own_daemon(create=False).folder / _RECORD)
    wanted = recorded if find_program("dockerd", path=administrators_path()) else PACKAGES
    return Packages.missing(wanted) if wanted else []


def _record(packages: list[str]) -> None:
    """Remember what was installed, across runs: the first one knows what was missing before devenv came."""
    file = own_daemon().folder / _RECORD
    whole = [*_recorded(file), *packages]
    write_whole(file, json.dumps({"packages": list(dict.fromkeys(whole))}))


def _recorded(file: Path) -> list[str]:
    return [str(name) for name in read_record(file, packages=list).get("packages", ())]
