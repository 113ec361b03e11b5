"""The steps that make, start and clear away the cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from devenv.errors import (
    ClusterError,
    CommandFailedError,
    CommandTimeoutError,
    DevenvError,
    ForeignClusterError,
    InterruptedRunError,
)
from devenv.labels import LABEL_PROJECT
from devenv.plan.steps import AwaitNodeRuntime, CreateCluster, MarkCluster, RemoveBrokenCluster, StartCluster
from devenv.runtime.diagnosis.creation import creation_failure
from devenv.runtime.environment import Environment
from devenv.runtime.host.ports import require_ports
from devenv.runtime.ownership.marks import look, record_owner
from devenv.runtime.ownership.ownership import KindCluster, is_control_plane, is_node
from devenv.runtime.step_context import StepContext
from devenv.runtime.steps.early_traffic import hold_until_known
from devenv.runtime.steps.restart import are_misplaced, overrated, reported_from_before, starting_order

_RUNTIME_SECONDS = 180.0
_API_SECONDS = 120.0
_REPORT_SECONDS = 120.0
_RETRY_SECONDS = 0.25
_JOURNAL_SECONDS = 20.0


def remove_broken(_: RemoveBrokenCluster, context: StepContext) -> str:
    """Remove what an interrupted creation left, after another look: a cluster that was ever complete is never removed.

    The project's lock is held, so that the run which began to create it is over.
    """
    environment = context.environment
    kind_cluster = look(environment.engine, environment.names)
    if not kind_cluster.never_complete:
        raise ClusterError(f"cluster {environment.names.cluster} is not what it was a moment ago", hint="devenv up")
    return _remove(kind_cluster, environment)


def _remove(kind_cluster: KindCluster, environment: Environment) -> str:
    environment.engine.containers.remove([c.name for c in kind_cluster.containers])
    environment.engine.networks.remove(environment.names.network)
    environment.kubeconfig.unlink(missing_ok=True)
    return f"{len(kind_cluster.containers)} containers removed"


def create(step: CreateCluster, context: StepContext) -> str:
    """Create the cluster in a labelled network, which tells from then on whose it is; record when it is complete."""
    environment = context.environment
    context.run.creation_failed.clear()
    context.run.configured.clear()
    names = environment.names
    printed: list[str] = []

    def report(line: str) -> None:
        printed.append(line)
        context.output(line)
        context.progress(line)

    try:
        _make_network(environment)
        context.run.toolbox.kind.create(
            step.cluster,
            step.node_image,
            step.config,
            environment.kubeconfig,
            network=names.network,
            balancer_image=step.balancer_image,
            cancel=context.cancel,
            on_line=report,
            on_configured=context.run.configured.set,
        )
        context.run.configured.set()  # whatever words kind has for it by now
        context.run.claims.give_back()
        environment.cluster.initialise(names.labels)
        environment.cluster.note_profile(environment.workspace.project.profile)
    except CommandFailedError as error:
        context.run.creation_failed.set()
        journals = _journals(environment)
        if (kind_cluster := look(environment.engine, names)).never_complete:
            _remove(kind_cluster, environment)
        require_ports("\n".join(printed), f"cluster {step.cluster}", made=False)
        raise creation_failure(step.cluster, error, printed, journals) from error
    except DevenvError:
        context.run.creation_failed.set()
        raise
    return step.node_image


def _journals(environment: Environment) -> dict[str, str]:
    """What the kubelets of the nodes that run have printed, by node."""
    found: dict[str, str] = {}
    for node in environment.node_names():
        argv = ["journalctl", "--unit=kubelet", "--output=cat", "--no-pager", "--lines=200"]
        try:
            done = environment.engine.containers.exec(node, argv, timeout=_JOURNAL_SECONDS, check=False)
        except CommandTimeoutError:
            continue  # what kind said is told without it
        if done.status == 0:
            found[node] = done.stdout
    return found


def mark(_: MarkCluster, context: StepContext) -> str:
    """Record in each container whose the cluster is."""
    environment = context.environment
    record_owner(environment.engine, environment.names, environment.owner)
    return str(environment.owner)


def _make_network(environment: Environment) -> None:
    """The network with labels of this run; one that a run before has left is made anew.

    Raises:
        ForeignClusterError: there is one of that name that devenv did not make for the project.
    """
    engine, names = environment.engine, environment.names
    found = engine.networks.labels(names.network)
    if found is not None and found.get(LABEL_PROJECT) != names.project:
        raise ForeignClusterError(
            f"a network {names.network} exists, and devenv did not make it",
            hint=f"choose another project name in devenv.yaml, or: docker network rm {names.network}",
        )
    engine.networks.remove(names.network)
    engine.networks.create(names.network, {**names.labels, **environment.owner.labels})


def start(_: StartCluster, context: StepContext) -> str:
    """Start stopped nodes, and wait until the cluster speaks of what runs now and not of what ran before."""
    environment = context.environment
    began = datetime.now(UTC)
    context.run.restarted.set()
    kind_cluster = look(environment.engine, environment.names)
    order = starting_order(kind_cluster)
    if paused := [container.name for container in kind_cluster.containers if container.state == "paused"]:
        environment.engine.containers.resume(paused)
        if all(container.state in ("running", "paused") for container in kind_cluster.containers):
            # What ran goes on: there is no news to come of it.
            _until_api_answers(context)
            return f"resumed {len(paused)} of {len(kind_cluster.containers)} containers"
    anew = all(container.state != "running" for container in kind_cluster.containers)
    if paused or are_misplaced(kind_cluster):
        environment.engine.containers.stop(order)
        anew = True
    if kind_cluster.network is None:
        # `docker network prune` takes the network of containers that are stopped.
        _make_network(environment)
        environment.engine.networks.attach(environment.names.network, order)
    asleep = [container.name for container in kind_cluster.containers if container.state != "running"]
    environment.engine.containers.keep_over_restarts(order if anew else asleep, running=True)
    for name in order:
        _start_node(name, environment)
    # Restarted containers may have another port.
    environment.export_kubeconfig()
    nodes = [container for container in kind_cluster.containers if is_node(container)]
    _until_runtimes_answer(context, len(nodes))
    if anew and (plane := next((node.name for node in nodes if is_control_plane(node)), None)):
        hold_until_known(environment.engine, plane, [node.name for node in nodes])
    _until_api_answers(context)
    if anew:
        environment.cluster.release_leases(began)
    _until_pods_are_reported([node.name for node in nodes], context)
    return f"{len(order)} containers"


def _start_node(name: str, environment: Environment) -> None:
    try:
        environment.engine.containers.start([name])
    except ClusterError as error:
        require_ports(error.context.get("cause", ""), f"cluster {environment.names.cluster}", made=True)
        raise


def await_node_runtime(step: AwaitNodeRuntime, context: StepContext) -> str:
    """Wait until containerd answers in every node, configured, while kubeadm is still at work."""
    return _until_runtimes_answer(context, step.nodes, context.run.configured.is_set)


def _until_runtimes_answer(context: StepContext, wanted: int, configured: Callable[[], bool] = lambda: True) -> str:
    """Neither the engine nor containerd says when a node's runtime is up, so it is asked again and again."""
    environment = context.environment
    deadline = time.monotonic() + _RUNTIME_SECONDS
    while time.monotonic() < deadline:
        nodes = environment.node_names()
        if configured() and len(nodes) >= wanted and all(_answers(context, node) for node in nodes):
            return f"{len(nodes)} nodes"
        if context.run.creation_failed.is_set():
            raise ClusterError("the nodes never ran: the cluster could not be created")
        if context.cancel.wait(_RETRY_SECONDS):
            raise InterruptedRunError("stopped while the nodes started")
    raise ClusterError(
        f"the nodes' container runtime did not answer within {_RUNTIME_SECONDS:.0f} s",
        hint=f"docker logs {environment.names.cluster}-control-plane",
    )


def _answers(context: StepContext, node: str) -> bool:
    try:
        done = context.environment.engine.containers.exec(node, ["ctr", "version"], timeout=20, check=False)
    except CommandTimeoutError:
        return False  # on a machine that is busy beyond measure; how long that may go on is the caller's concern
    return done.status == 0


def _until_api_answers(context: StepContext) -> None:
    deadline = time.monotonic() + _API_SECONDS
    while not context.environment.cluster.reachable(timeout=2.0):
        if time.monotonic() > deadline:
            raise ClusterError(
                f"the API server did not answer within {_API_SECONDS:.0f} s",
                context={"cause": "its containers run; what the control plane says is in its log"},
                hint=f"docker exec {context.environment.names.cluster}-control-plane journalctl -u kubelet -n 50",
            )
        if context.cancel.wait(_RETRY_SECONDS):
            raise InterruptedRunError("stopped while the cluster started")


def _until_pods_are_reported(nodes: Sequence[str], context: StepContext) -> None:
    """Until kubelets and controllers have looked: the API server first says what it was told before the stop.

    Nodes may have run for long before this run: an engine starts them of its own accord when it is started itself.
    """
    started = context.environment.engine.containers.started(nodes)
    informer = context.environment.cluster.informer(context.cancel.is_set)
    deadline, revision = time.monotonic() + _REPORT_SECONDS, -1
    while late := [*reported_from_before(informer.snapshot(), started), *overrated(informer.snapshot())]:
        if time.monotonic() > deadline:
            raise ClusterError(
                f"the cluster told nothing new of its pods within {_REPORT_SECONDS:.0f} s",
                context={"as before the stop": ", ".join(late[:5])},
                hint="devenv status",
            )
        if context.cancel.is_set():
            raise InterruptedRunError("stopped while the cluster started")
        context.progress(f"awaiting news of {late[0]}")
        revision = informer.wait(revision, _RETRY_SECONDS)
