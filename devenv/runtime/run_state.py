"""What a command learns while its plans run.

A command makes one and hands it to each of its runs (`up` may have two, `devenv dev` one for every round); the steps
write what they learn, and read what others have. Nothing of it outlives the command.
"""

from __future__ import annotations

import threading
from pathlib import Path

from devenv.adapters.host.ports import PortClaims
from devenv.images.load.loader import LoadReport
from devenv.images.load.session import LoadSession
from devenv.runtime.applied import Applied
from devenv.runtime.tasks.servers import Servers
from devenv.runtime.toolbox import Toolbox


class RunState:
    """Written by steps in several threads."""

    def __init__(self, toolbox: Toolbox) -> None:
        """Begin with what was found before anything was run."""
        self._lock = threading.Lock()
        self._toolbox = toolbox
        self._warned_of: set[str] = set()
        self.applied = Applied()
        """What has been applied, until it is recorded."""
        self.claims = PortClaims()
        """Ports that were chosen for a cluster which is not there yet."""
        self.loads = LoadSession()
        """What loads of images share."""
        self.loaded: dict[str, LoadReport] = {}
        """Image to what its load took."""
        self.unswappable: set[str] = set()
        """Stacks whose charts change more than the image when the image changes."""
        self.given_up: dict[str, str] = {}
        """Image to why it could not be pulled, of those that recipes make as well."""
        self.ran_tasks: set[str] = set()
        """Tasks that have run."""
        self.servers = Servers()
        """What tasks serve."""
        self.creation_failed = threading.Event()
        """Set when the cluster cannot be created, for those who wait for its nodes."""
        self.configured = threading.Event()
        """Set when the runtime of a new cluster's nodes is configured: kind may start it anew before."""
        self.restarted = threading.Event()
        """Set when the cluster's stopped nodes have been started."""

    @property
    def toolbox(self) -> Toolbox:
        """What there is by now."""
        return self._toolbox

    def find(self, toolbox: Toolbox) -> None:
        """Go on with what has been found anew, between two runs."""
        self._toolbox = toolbox

    def add_program(self, tool: str, program: Path) -> None:
        """A step has provided a program."""
        with self._lock:
            self._toolbox = self._toolbox.with_program(tool, program)

    def add_module(self, module: str, folder: Path) -> None:
        """A step has fetched a module."""
        with self._lock:
            self._toolbox = self._toolbox.with_module(module, folder)

    def is_first_warning(self, of: str) -> bool:
        """Whether the user has not been warned of something yet, such as a place of the cluster; now they have."""
        with self._lock:
            first = of not in self._warned_of
            self._warned_of.add(of)
        return first
