"""A dockerd of devenv's own: its configuration, start and end.

Responsible for one daemon in one folder. It survives devenv, and a start after a reboot or a kill finds what
is left and goes on from there. It is never started where another one is at work.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devenv.adapters.engine.socket import Presence, engine_answers, presence, silent
from devenv.adapters.files.paths import data_root
from devenv.adapters.files.records import read_record
from devenv.adapters.host.system import Host
from devenv.adapters.process import Detached, administrators_path, start_detached
from devenv.errors import EngineUnavailableError, InterruptedRunError

_USER_CONFIG = Path("/etc/docker/daemon.json")
_EXEC_ROOT = Path("/var/run/docker")
_START_SECONDS = 60.0
_STOP_SECONDS = 40.0
"""dockerd itself gives containers 15 s to end."""
_KILL_SECONDS = 5.0
_PING_SECONDS = 5.0
_LAST_LINES = 20
_LONGEST_PAUSE = 0.5


@dataclass(frozen=True)
class EngineDaemon:
    """A dockerd with its files in `folder`."""

    folder: Path
    socket: Path
    exec_root: Path = _EXEC_ROOT
    """Where the engine keeps what runs."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Settings of daemon.json over devenv's, such as `data-root`."""
    patience: float = _START_SECONDS
    """Seconds within which it has to answer."""

    @property
    def config_file(self) -> Path:
        """The daemon.json that it runs with."""
        return self.folder / "daemon.json"

    @property
    def pid_file(self) -> Path:
        """Where dockerd writes its process id."""
        return self.folder / "dockerd.pid"

    @property
    def log_file(self) -> Path:
        """What dockerd prints."""
        return self.folder / "dockerd.log"

    def pid(self) -> int | None:
        """The process id while it runs; None when the pid file is missing or speaks of another process."""
        return _process_of(self.pid_file, str(self.config_file))

    def other(self) -> int | None:
        """The process id of somebody else's dockerd with the same folder for what runs, which it names beside it."""
        return _process_of(self.exec_root.with_suffix(".pid"), "dockerd")

    def start(self, host: Host, *, cancel: threading.Event) -> None:
        """Start it unless one runs, and wait until it answers.

        Raises:
            EngineSilentError: one is there already, and does not answer.
            EngineUnavailableError: it cannot be started.
        """
        started = None
        if self.pid() is None and self.other() is None:
            found = presence(self.socket, min(self.patience, _PING_SECONDS))
            if found is Presence.ANSWERING:
                return
            if found is not Presence.ABSENT:
                raise silent(self.socket, self.patience)
            self._clear_leftovers()
            self._configure(host)
            argv = ["dockerd", "--config-file", str(self.config_file)]
            started = start_detached(argv, log=self.log_file, env={"PATH": administrators_path()})
        self._await_answer(started, cancel)

    def stop(self) -> None:
        """End it, and with it its containers; nothing happens when it does not run."""
        pid = self.pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):  # ended by itself meanwhile
            handle = os.pidfd_open(pid)
            try:
                signal.pidfd_send_signal(handle, signal.SIGTERM)
                if not select.select([handle], [], [], _STOP_SECONDS)[0]:
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    select.select([handle], [], [], _KILL_SECONDS)
            finally:
                os.close(handle)
        self._clear_leftovers()

    def _configure(self, host: Host) -> None:
        """Write daemon.json: the administrator's own settings, where there are any, under devenv's."""
        settings = read_record(_USER_CONFIG, hint="correct it: dockerd could not read it either")
        settings |= {
            "hosts": [f"unix://{self.socket}"],
            "pidfile": str(self.pid_file),
            "exec-root": str(self.exec_root),
            "log-level": "warn",
        }
        if not host.sys_resource:
            wrapper = self._install_wrapper()
            runtimes = {**settings.get("runtimes", {}), "devenv": {"path": str(wrapper)}}
            settings |= {"runtimes": runtimes, "default-runtime": "devenv"}
        self.config_file.write_text(json.dumps(settings | dict(self.overrides), indent=2) + "\n")

    def _install_wrapper(self) -> Path:
        """Copy the runc wrapper, run by an interpreter that stays when a virtual environment goes."""
        source = (data_root() / "cluster/engine/runc-wrapper").read_text()
        system = Path("/usr/bin/python3")
        interpreter = system if system.exists() else Path(sys.executable).resolve()
        target = self.folder / "runc-wrapper"
        draft = target.with_suffix(".new")
        draft.write_text(f"#!{interpreter} -IS\n{source.partition(chr(10))[2]}")
        draft.chmod(0o755)
        draft.replace(target)
        return target

    def _clear_leftovers(self) -> None:
        """Remove pid files of a daemon that was killed: their numbers may be other processes' by now.

        dockerd refuses to start when any process has the number in its pid file, and takes any process with
        the number in containerd's for its containerd.
        """
        self.pid_file.unlink(missing_ok=True)
        containerd = self.exec_root / "containerd/containerd.pid"
        if _process_of(containerd, "containerd") is None:
            containerd.unlink(missing_ok=True)

    def _await_answer(self, started: Detached | None, cancel: threading.Event) -> None:
        """Ask until it answers: dockerd tells nobody when it is ready, unless systemd started it."""
        deadline = time.monotonic() + self.patience
        pause = 0.02
        while not engine_answers(self.socket):
            if started and started.status() is not None:
                raise self._failure(f"dockerd ended with status {started.status()} while it started")
            if time.monotonic() > deadline:
                if started is None:
                    raise silent(self.socket, self.patience)
                started.stop()
                raise self._failure(f"dockerd did not answer on {self.socket} within {self.patience:g} s")
            if cancel.wait(pause):
                if started:
                    started.stop()  # it has not written its pid file yet, perhaps: nobody would find it
                raise InterruptedRunError("stopped while dockerd started")
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _failure(self, message: str) -> EngineUnavailableError:
        lines = self.log_file.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return EngineUnavailableError(
            message,
            context={"last lines": "\n".join(lines), "log": str(self.log_file)},
            hint=f"dockerd --config-file {self.config_file} --debug",
        )


def _process_of(pid_file: Path, in_command: str) -> int | None:
    """The process that a pid file names, when it lives and its command line has `in_command`."""
    try:
        pid = int(pid_file.read_text().strip())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except (OSError, ValueError):
        return None
    return pid if in_command in command else None
