"""The states that a cluster can be in."""

from __future__ import annotations

from enum import StrEnum


class ClusterState(StrEnum):
    """The state of a project's cluster; the words appear in `devenv status --json`."""

    ABSENT = "absent"
    """There is none."""
    RUNNING = "running"
    """All nodes run and the API answers."""
    STOPPED = "stopped"
    """It is complete, but nodes do not run (after a reboot, say)."""
    BROKEN = "broken"
    """Its creation is not complete: it was interrupted, or another run is at it. There is nothing in it yet."""
    UNREACHABLE = "unreachable"
    """Nodes run, but the API does not answer."""
    FOREIGN = "foreign"
    """A cluster of that name exists which devenv did not make."""

    @property
    def is_to_be_made(self) -> bool:
        """Whether bringing the environment up makes the cluster: there is none, or there is nothing in it yet."""
        return self in (ClusterState.ABSENT, ClusterState.BROKEN)
