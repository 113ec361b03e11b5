"""The server of a project's start page: started where it does not run, found again, ended.

Responsible for that process and for the record of it. What the page is stands in `devenv.page`, which this only starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import httpx2

import devenv
from devenv.adapters.docker import Engine
from devenv.adapters.files.records import remembered, write_whole
from devenv.adapters.host import ports
from devenv.adapters.process import Detached, end_process, is_over, process_named, start_module
from devenv.errors import PageError, PortTakenError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.ownership.marks import look, owner_of
from devenv.spec.project import LOOPBACK
from devenv.workflows.access.claim import require_own_folder
from devenv.workflows.access.locations import Locations
from devenv.workflows.access.project import read_project
from devenv.workflows.access.running import not_running

PREFERRED_PORT = 8070
_RECORD, _LOCK, _LOG = "page.json", "page.lock", "page.log"
_MODULE = "devenv.page"
_PRIVATE = 0o600
_START_SECONDS = 60.0
"""On a machine that is busy with images or tests."""
_END_SECONDS = 15.0
"""A run that it began is stopped first."""


@dataclass(frozen=True, slots=True)
class RunningPage:
    """A server that runs."""

    process: str
    """Its name, as by `process_named`."""
    port: int
    token: str
    program: str
    """Stands for the devenv that it is of."""
    kubeconfig: str
    """Of the cluster that it shows."""


def provide_page(locations: Locations) -> RunningPage:
    """The server of a project's page, started where none runs, or one of another devenv or another engine does.

    Raises:
        ClusterError: there is no cluster to show, or it is another folder's.
        PortTakenError: the port of the specification is held by another process.
        PageError: it does not start.
    """
    kind_cluster = look(Engine.connect(), Names(locations.project))
    if kind_cluster.state in (ClusterState.ABSENT, ClusterState.FOREIGN):
        raise not_running(kind_cluster.names, kind_cluster.state)
    require_own_folder(kind_cluster, owner_of(locations.root))
    with alone(locations.state):
        page = running_page(locations.state)
        if page and (page.program, page.kubeconfig) == (_program(), str(locations.kubeconfig)):
            return page
        _end(locations.state, page)
        return _start(locations, page)


def end_page(state: Path) -> None:
    """End the server of the project with this state folder, where one runs; raises PageError."""
    if (state / _RECORD).exists():
        with alone(state):
            _end(state, running_page(state))


def running_page(state: Path) -> RunningPage | None:
    """The server that is recorded, while it runs."""
    # Whoever a damaged record named sees that it is named no more, and ends.
    found = remembered(state / _RECORD, process=str, port=int, token=str, program=str, kubeconfig=str)
    page = RunningPage(**{each.name: found[each.name] for each in fields(RunningPage)}) if found else None
    return page if page and page.process and not is_over(page.process) else None


def ticket_for(page: RunningPage) -> str:
    """What stands for the token once, in the command of a browser; raises PageError."""
    return str(_ask(page.port, "/ticket", page.token).json()["ticket"])


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Be the only one who starts or ends the server of a project."""
    with (state / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _end(state: Path, page: RunningPage | None) -> None:
    if page and not end_process(page.process, _END_SECONDS):
        raise PageError("the server of the start page does not end", context={"process": page.process})
    (state / _RECORD).unlink(missing_ok=True)


def _start(locations: Locations, former: RunningPage | None) -> RunningPage:
    """Start it on a socket that listens: whoever asks is heard from now on, and answered as soon as it is loaded."""
    token = former.token if former else secrets.token_urlsafe(32)
    log = locations.state / _LOG
    with _listen(_port(locations, former)) as listening:
        port = int(listening.getsockname()[1])
        given = {
            "directory": str(locations.root),
            "state": str(locations.state),
            "project": locations.project,
            "token": token,
            "descriptor": listening.fileno(),
        }
        server = start_module(_MODULE, log=log, stdin=json.dumps(given).encode(), descriptors=[listening.fileno()])
        page = RunningPage(process_named(server.pid), port, token, _program(), str(locations.kubeconfig))
        write_whole(locations.state / _RECORD, json.dumps(asdict(page), indent=1) + "\n", mode=_PRIVATE)
    _await_answer(server, port, log)
    return page


def _await_answer(server: Detached, port: int, log: Path) -> None:
    """Wait for the first answer; where the server ends before, the connection does too."""
    try:
        _ask(port, "/")
    except PageError as error:
        if (status := server.status()) is not None:
            error.context["ended with status"] = str(status)
        with contextlib.suppress(FileNotFoundError):  # then it said nothing
            error.context["last lines"] = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        server.stop()
        raise


def _ask(port: int, path: str, token: str = "") -> httpx2.Response:
    url, headers = f"http://{LOOPBACK}:{port}{path}", {"Authorization": f"Bearer {token}"} if token else {}
    method = "POST" if token else "GET"
    try:
        answer = httpx2.request(method, url, headers=headers, timeout=_START_SECONDS, trust_env=False)
        return answer.raise_for_status()
    except httpx2.HTTPError as error:
        cause = str(error) or type(error).__name__
        raise PageError("the server of the start page does not answer", context={"cause": cause}) from error


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise PortTakenError(
            f"port {port}, which is the start page's, cannot be opened",
            context={"held by": str(ports.holder(port) or "unknown"), "cause": error.strerror or str(error)},
            hint="end that process, or set cluster.ports.page: auto in devenv.yaml",
        ) from error
    return listening


def _port(locations: Locations, former: RunningPage | None) -> int:
    """The specification's; else the one of before, so that addresses that somebody kept lead here; else a free one."""
    workspace = read_project(locations.root)
    wanted = workspace.project.cluster.ports.page
    if isinstance(wanted, int):
        return wanted
    if former and ports.is_free(former.port):
        return former.port
    return ports.first_free(PREFERRED_PORT)


def _program() -> str:
    """Another text for another devenv, also for one that is being worked on."""
    folder = Path(devenv.__file__).parent
    files = sorted(file for pattern in ("**/*.py", "page/*/*") for file in folder.glob(pattern))
    times = [f"{file} {file.stat().st_mtime_ns}" for file in files]
    return f"{devenv.__version__} {hashlib.sha256(chr(10).join(times).encode()).hexdigest()[:12]}"
