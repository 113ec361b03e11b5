"""A second dockerd beside the host's, with folders, socket and bridge of its own: what is lost in it is nobody's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.adapters.engine.daemon import EngineDaemon
from devenv.adapters.host.system import observe_host
from devenv.adapters.process import run
from support.bridges import own_bridge


@contextmanager
def second_daemon(folder: Path, bridge: str, network: str) -> Iterator[EngineDaemon]:
    """One that is not started yet; it is ended, and its mounts are taken away.

    Args:
        folder: an empty one, for everything of it.
        bridge: name of its bridge, as nobody else's.
        network: of the bridge, as `198.51.100.1/24`.
    """
    home = folder / "engine"
    home.mkdir()
    with own_bridge(bridge, network) as name:
        settings = {
            "data-root": str(folder / "data"),
            "bridge": name,
            "iptables": False,
            "ip6tables": False,
            "storage-driver": "vfs",
        }
        daemon = EngineDaemon(home, folder / "docker.sock", folder / "exec", settings)
        try:
            yield daemon
        finally:
            daemon.stop()
            for mount in reversed(Path("/proc/mounts").read_text().splitlines()):
                point = mount.split()[1]
                if point.startswith(f"{folder}/"):  # left by a daemon that was killed
                    run(["umount", point])


@contextmanager
def running_daemon(folder: Path, bridge: str, network: str) -> Iterator[EngineDaemon]:
    """The same, started."""
    with second_daemon(folder, bridge, network) as daemon:
        daemon.start(observe_host(), cancel=threading.Event())
        yield daemon
