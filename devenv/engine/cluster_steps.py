"""The steps that make, start and clear away the cluster."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from devenv.engine.restart import overrated, reported_from_before
from devenv.engine.step_context import StepContext
from devenv.errors import ClusterError, DevenvError, InterruptedRunError
from devenv.plan.steps import AwaitNodeRuntime, CreateCluster, RemoveBrokenCluster, StartCluster

_RUNTIME_SECONDS = 180.0
_API_SECONDS = 120.0
_REPORT_SECONDS = 120.0
_RETRY_SECONDS = 0.25


def remove_broken(_: RemoveBrokenCluster, context: StepContext) -> str:
    """Remove what an interrupted creation left; only containers of a cluster in devenv's own network come here."""
    containers = context.environment.containers()
    context.environment.engine.remove_containers([c.name for c in containers])
    context.environment.kubeconfig.unlink(missing_ok=True)
    return f"{len(containers)} containers removed"


def create(step: CreateCluster, context: StepContext) -> str:
    """Create the cluster in a labelled network: from then on it is known whose it is."""
    environment = context.environment
    environment.creation_failed.clear()
    names = environment.names

    def told(line: str) -> None:
        context.output(line)
        context.progress(line)

    try:
        if environment.engine.network(names.network) is None:
            environment.engine.network_create(names.network, names.labels)
        environment.kind.create(
            step.cluster,
            step.node_image,
            step.config,
            environment.kubeconfig,
            network=names.network,
            cancel=context.cancel,
            on_line=told,
        )
        environment.cluster.initialise(names.labels)
    except DevenvError:
        environment.creation_failed.set()
        raise
    return step.node_image


def start(step: StartCluster, context: StepContext) -> str:
    """Start stopped nodes, and wait until the cluster speaks of what runs now and not of what ran before."""
    environment = context.environment
    began = datetime.now(UTC)
    environment.restarted.set()
    environment.engine.start(step.nodes)
    environment.kind.export_kubeconfig(step.cluster, environment.kubeconfig)
    _until_api_answers(context)
    _until_pods_are_reported(began, context)
    return f"{len(step.nodes)} nodes"


def await_node_runtime(step: AwaitNodeRuntime, context: StepContext) -> str:
    """Wait until containerd answers in every node, while kubeadm is still at work.

    Neither the engine nor containerd tells when a node's runtime is up, so it is asked again and again.
    """
    environment = context.environment
    deadline = time.monotonic() + _RUNTIME_SECONDS
    while time.monotonic() < deadline:
        nodes = environment.node_names()
        if len(nodes) >= step.nodes and all(_answers(context, node) for node in nodes):
            return f"{len(nodes)} nodes"
        if environment.creation_failed.is_set():
            raise ClusterError("the nodes never ran: the cluster could not be created")
        if context.cancel.wait(_RETRY_SECONDS):
            raise InterruptedRunError("stopped while the nodes started")
    raise ClusterError(
        f"the nodes' container runtime did not answer within {_RUNTIME_SECONDS:.0f} s",
        hint=f"docker logs {step.cluster}-control-plane",
    )


def _answers(context: StepContext, node: str) -> bool:
    done = context.environment.engine.exec(node, ["ctr", "version"], timeout=20, check=False)
    return done.status == 0


def _until_api_answers(context: StepContext) -> None:
    deadline = time.monotonic() + _API_SECONDS
    while not context.environment.cluster.reachable(timeout=2.0):
        if time.monotonic() > deadline:
            raise ClusterError(
                f"the API server did not answer within {_API_SECONDS:.0f} s",
                hint="devenv down, then: devenv up",
            )
        if context.cancel.wait(_RETRY_SECONDS):
            raise InterruptedRunError("stopped while the cluster started")


def _until_pods_are_reported(began: datetime, context: StepContext) -> None:
    """Until kubelets and controllers have looked: the API server first tells what it was told before the stop."""
    mirror = context.environment.cluster.mirror(context.cancel.is_set)
    deadline, revision = time.monotonic() + _REPORT_SECONDS, -1
    while late := [*reported_from_before(mirror.snapshot(), began), *overrated(mirror.snapshot())]:
        if time.monotonic() > deadline:
            raise ClusterError(
                f"the cluster told nothing new of its pods within {_REPORT_SECONDS:.0f} s",
                context={"as before the stop": ", ".join(late[:5])},
                hint="devenv status",
            )
        if context.cancel.is_set():
            raise InterruptedRunError("stopped while the cluster started")
        context.progress(f"awaiting news of {late[0]}")
        revision = mirror.wait(revision, _RETRY_SECONDS)
