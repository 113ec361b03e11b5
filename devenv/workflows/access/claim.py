"""Whose a cluster is, before anything of it is changed: the same folder's, or taken over by somebody who means it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devenv.errors import OtherFolderError
from devenv.events import Noted
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.ownership.marks import record_owner
from devenv.runtime.ownership.ownership import KindCluster, Owner
from devenv.workflows.access.exclusive import confirm_lock
from devenv.workflows.access.session import Session

if TYPE_CHECKING:
    from devenv.runtime.environment import Environment
    from devenv.runtime.observe.observe import Observation


def claim(environment: Environment, observation: Observation, session: Session, *, adopt: bool) -> bool:
    """Make sure that a cluster which is there is this folder's, and that it says so once it runs.

    Returns whether it was another folder's until now.

    Raises:
        OtherFolderError: it is another folder's, and nobody agreed to take it over.
    """
    kind_cluster, facts = observation.kind_cluster, observation.cluster
    taken_over = take_over(kind_cluster, environment.owner, session, adopt=adopt)
    complete = bool(kind_cluster.marks) or facts.has_record
    unmarked = (
        complete and kind_cluster.state is ClusterState.RUNNING and not kind_cluster.says_of_all(environment.owner)
    )
    # It was complete once.
    record_lost = facts.state is ClusterState.RUNNING and not facts.has_record
    if unmarked or record_lost:
        confirm_lock(environment.names.project, session)
    if unmarked:
        record_owner(environment.engine, environment.names, environment.owner, kind_cluster)
    if record_lost:
        environment.cluster.initialise(environment.names.labels)
        for stack, recorded in facts.records.items():
            environment.cluster.record(stack, recorded)
    return taken_over


def take_over(
    kind_cluster: KindCluster, mine: Owner, session: Session, *, adopt: bool, command: str = "devenv up"
) -> bool:
    """Whether another folder's cluster becomes this one's; false where there is none, or it is this folder's already.

    `command` takes --adopt.

    Raises:
        OtherFolderError: nobody agreed. Agreeing to everything else (--yes) is not enough for that.
    """
    try:
        require_own_folder(kind_cluster, mine, command)
    except OtherFolderError as error:
        if not adopt and not session.confirm(f"The {error.message}. Take it over for {command}?"):
            raise
        session.emit(Noted(f"taken over: the {error.message}", "warning"))
        return True
    return False


def require_own_folder(kind_cluster: KindCluster, mine: Owner, command: str = "devenv up") -> None:
    """Raise OtherFolderError where a cluster of the project's name is another folder's."""
    owner = kind_cluster.owner
    if kind_cluster.state in (ClusterState.ABSENT, ClusterState.FOREIGN) or owner is None or owner.has_folder_of(mine):
        return
    raise OtherFolderError(
        f"cluster {kind_cluster.names.cluster} belongs to {owner}, not to {mine.location}",
        hint=f"give one of the two another project name in devenv.yaml, or take it over: {command} --adopt",
    )


def report_other_folder(kind_cluster: KindCluster, mine: Owner, session: Session) -> None:
    """Warn of what `require_own_folder` refuses, where nothing is changed."""
    try:
        require_own_folder(kind_cluster, mine)
    except OtherFolderError as error:
        session.emit(Noted(error.message, "warning", error.hint))
