"""`devenv diff`: what `devenv up --verify` would change in the cluster, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from devenv.errors import ClusterError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.graph import select
from devenv.runtime.observe.differences import Difference, differences
from devenv.runtime.observe.observe import observe
from devenv.workflows.access.claim import report_other_folder
from devenv.workflows.access.connect import connect
from devenv.workflows.access.project import load_project
from devenv.workflows.access.running import not_running
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import profile_that_is_up


def diff(directory: Path, stacks: Sequence[str], session: Session, *, profile: str | None = None) -> list[Difference]:
    """Compare what the specification says with what there is; nothing is changed.

    Args:
        directory: where devenv.yaml is looked for.
        stacks: names of those to compare; all when there are none.
        session: hears warnings.
        profile: whose values are wanted; those of the profile that is up when it is None.

    Raises:
        SpecError: with every problem of the specification.
        UsageError: a name is not one of the project's stacks.
        ClusterError: no cluster runs, or a program is missing.
    """
    wanted_profile = profile or profile_that_is_up(directory, session)
    workspace = load_project(directory, session, profile=wanted_profile)
    selected = select(workspace, only=stacks)
    environment = connect(workspace, session, agreed=False)
    seen = observe(environment, selected, "auto")
    report_other_folder(seen.kind_cluster, environment.owner, session)
    if seen.cluster.state is not ClusterState.RUNNING:
        raise not_running(environment.names, seen.cluster.state)
    missing = {"helm", "kubectl"} - seen.observed.tools_present
    if missing:
        raise ClusterError(f"{' and '.join(sorted(missing))} is not there to compare with", hint="devenv up")
    chosen = [(spec, made) for spec, made in seen.wanted.stacks if not stacks or spec.name in stacks]
    return differences(environment.cluster, seen.toolbox, chosen)
