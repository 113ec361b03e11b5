"""The present state, gathered as data: what the planner needs to know, asked in parallel.

Responsible for asking the host, the engine and the cluster. Registries are asked only when something is nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import MappingProxyType

from devenv.adapters.docker import Engine, EngineVersion
from devenv.adapters.engine.service import is_own_engine
from devenv.adapters.host.ports import PortClaims
from devenv.errors import ImageError
from devenv.images.build.modules import GOLANG, go_on_path, modules_of
from devenv.images.catalogue.presence import observe_images
from devenv.images.nodes.content import names_on_nodes
from devenv.plan.cluster_state import ClusterState
from devenv.plan.image import Image, Mode
from devenv.plan.kind_config import KindConfig, KindSettings, kind_config
from devenv.plan.names import HOST_CA
from devenv.plan.observed import Observed, ObservedImages
from devenv.plan.planner import Wanted
from devenv.plan.provision import choose_references
from devenv.plan.tasks import without_serving
from devenv.runtime.environment import Environment
from devenv.runtime.host.ports import choose_database_ports, choose_ports
from devenv.runtime.observe.cluster import ClusterFacts, observe_cluster
from devenv.runtime.observe.pins import proven_pins
from devenv.runtime.observe.refusals import observe_blockers
from devenv.runtime.observe.stack_inputs import images_of, is_licensed, renew, stack_inputs
from devenv.runtime.ownership.marks import look
from devenv.runtime.ownership.ownership import KindCluster, running_nodes
from devenv.runtime.tasks.observe import observe_tasks, tasks_of
from devenv.runtime.toolbox import Toolbox
from devenv.spec.render import ProjectFacts
from devenv.spec.versions import BALANCER, NODE

_TOOLS = ("kind", "helm", "kubectl")
"""Programs that steps of a plan run."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What is wanted and what is there: the planner's two arguments, and what links are made from."""

    wanted: Wanted
    observed: Observed
    toolbox: Toolbox
    facts: ProjectFacts
    cluster: ClusterFacts
    kind_cluster: KindCluster
    """What the engine holds of the cluster, and whose it is."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen of host, engine and cluster."""

    kind_cluster: KindCluster
    cluster: ClusterFacts
    facts: ProjectFacts
    kind: KindConfig
    toolbox: Toolbox
    images: ObservedImages
    used: tuple[str, ...]
    """The images of the selected stacks, and of the cluster's containers where it is yet to be made."""
    on_nodes: frozenset[str]
    """References that every node holds."""
    module_image: str | None
    owns_engine: bool

    @property
    def proven_on_nodes(self) -> frozenset[str]:
        """Without those that a digest pins: a node knows an image by its tag, which does not tell its digest."""
        described = (self.images.described[name] for name in self.used)
        return self.on_nodes - {image.upstream for image in described if image.digest}


def observe(
    environment: Environment,
    stacks: Sequence[str],
    mode: Mode,
    *,
    verify: bool = False,
    renewed: Collection[str] = (),
    claims: PortClaims | None = None,
    given_up: Mapping[str, str] = MappingProxyType({}),
    ran_tasks: Collection[str] = (),
) -> Observation:
    """Look at the host, the engine and the cluster; with `verify` also at what others have changed there.

    `renewed` are the stacks whose databases are to be reset to what their migrations and seeds are now; `claims` keep
    the ports that are chosen for a cluster which is yet to be made, `given_up` are the images that this run could not
    pull and recipes make as well, with the reason; `ran_tasks` are the tasks that it has run.

    Raises:
        PortTakenError: a port of the specification is held by another process.
        ImageError: an image can be had from nowhere in this mode.
    """
    workspace, seen = environment.workspace, _look(environment, stacks, mode, claims, given_up)
    chosen = choose_references(seen.images, seen.used, mode, seen.on_nodes)
    inputs = stack_inputs(workspace, stacks, seen.facts, chosen, environment.digests, environ=os.environ)
    wanted = Wanted(
        project=environment.names.project,
        cluster=environment.names.cluster,
        stacks=[(spec, renew(made) if spec.name in renewed else made) for spec, made in inputs],
        needs={name: stack.spec.needs for name, stack in workspace.stacks.items()},
        versions=workspace.versions,
        kind_config=seen.kind,
        references=chosen,
        tools=_TOOLS,
        images=mode,
        module_image=seen.module_image,
        assumed_prefix="" if workspace.project.namespace_prefix else workspace.project.prefix,
        tasks=without_serving(tasks_of(environment, stacks, os.environ)),
        prunes_cache=seen.owns_engine,
    )
    observed = Observed(
        cluster=seen.cluster.state,
        stacks=seen.cluster.observed_stacks(verify=verify),
        tools_present=frozenset(seen.toolbox.programs),
        modules_present=frozenset(seen.toolbox.modules),
        images_on_nodes=seen.proven_on_nodes,
        images=seen.images,
        fresh_databases=seen.cluster.fresh_databases(spec for spec, _ in wanted.stacks),
    )
    compared = _compared(environment, seen, wanted, observed, ran_tasks)
    return Observation(wanted, compared, seen.toolbox, seen.facts, seen.cluster, seen.kind_cluster)


def _compared(
    environment: Environment, seen: _Seen, wanted: Wanted, observed: Observed, ran_tasks: Collection[str]
) -> Observed:
    """With what tasks read, and what has to be looked at more closely of the stacks that have changed."""
    tasks = observe_tasks(environment, wanted.tasks, ran_tasks)
    known = replace(observed, tasks=tasks, proven_pins=proven_pins(environment, wanted, observed, seen.cluster))
    return replace(known, blockers=observe_blockers(environment, seen.toolbox, wanted, known, seen.cluster))


def _look(
    environment: Environment,
    stacks: Sequence[str],
    mode: Mode,
    claims: PortClaims | None,
    given_up: Mapping[str, str],
) -> _Seen:
    """Ask host, engine and cluster, at the same time."""
    workspace, engine = environment.workspace, environment.engine
    with ThreadPoolExecutor(thread_name_prefix="observe") as pool:
        tools = pool.submit(Toolbox.locate, environment.kubeconfig, workspace.versions.tools)
        version = pool.submit(engine.version)
        kind_cluster = look(engine, environment.names)
        cluster = pool.submit(
            observe_cluster, kind_cluster, environment.kubeconfig, export=environment.export_kubeconfig
        )
        facts, kind = _settle(environment, kind_cluster, version.result(), claims)
        modules = modules_of([workspace.stacks[name].spec for name in stacks], workspace.versions.modules)
        module_image = None if go_on_path() else GOLANG
        fetched_in = [module_image] if module_image and not all(module.cached for module in modules) else []
        used = [*_stack_images(environment, stacks), *_cluster_images(kind_cluster, kind)]
        described = environment.catalogue.described([*used, *fetched_in])
        on_nodes, silent = _references_on_nodes(engine, [described[name] for name in used], kind_cluster)
        wanted = [*used, *fetched_in]
        images = observe_images(engine, described, wanted, mode, elsewhere=on_nodes, given_up=given_up)
    found = cluster.result()
    if silent and found.state is ClusterState.RUNNING:
        # Of a node that has just been started: it is waited for before anything is compared.
        found = replace(found, state=ClusterState.UNREACHABLE, reason=silent)
    return _Seen(
        kind_cluster=kind_cluster,
        cluster=found,
        facts=facts,
        kind=kind,
        toolbox=replace(tools.result(), modules={m.path: m.folder for m in modules if m.cached}),
        images=images,
        used=tuple(used),
        on_nodes=on_nodes,
        module_image=module_image,
        owns_engine=is_own_engine(version.result().id),
    )


def _settle(
    environment: Environment, kind_cluster: KindCluster, version: EngineVersion, claims: PortClaims | None
) -> tuple[ProjectFacts, KindConfig]:
    """The cluster's ports and what values may refer to, and the configuration that a cluster is made from."""
    project, trust = environment.workspace.project, environment.trust
    asleep = kind_cluster.state is ClusterState.STOPPED and not kind_cluster.never_complete
    http, https = choose_ports(project.cluster.ports, kind_cluster.containers, claims, asleep=asleep)
    databases = [stack.spec.database for stack in environment.workspace.stacks.values() if stack.spec.database]
    database_ports = choose_database_ports(databases, kind_cluster.containers, avoid=(http, https), claims=claims)
    settings = KindSettings(
        nodes=project.cluster.nodes,
        http_port=http,
        https_port=https,
        cgroup_v1=version.cgroup == "1",
        host_ca_bundle=trust.bundle if trust.extra else None,
        database_ports=tuple(database_ports.items()),
    )
    facts = ProjectFacts.of(project, http, https, host_ca=HOST_CA if trust.extra else "")
    return facts, kind_config(environment.kind_file, settings)


def _stack_images(environment: Environment, stacks: Sequence[str]) -> list[str]:
    specs = [environment.workspace.stacks[name].spec for name in stacks]
    used = [images_of(spec, licensed=is_licensed(spec, os.environ)).values() for spec in specs]
    return list(dict.fromkeys(image for images in used for image in images))


def _cluster_images(kind_cluster: KindCluster, kind: KindConfig) -> list[str]:
    """The images that kind would start containers of: none for a cluster that is there, whatever the engine has."""
    if kind_cluster.state.is_to_be_made or kind_cluster.never_complete:
        return [NODE, *([BALANCER] if kind.has_balancer else [])]
    return []


def _references_on_nodes(
    engine: Engine, images: Sequence[Image], kind_cluster: KindCluster
) -> tuple[frozenset[str], str]:
    """The references that every node holds, and why nothing is known of the nodes where one does not answer."""
    # Of a node's image only the name is known, which may have another digest than the locked one.
    candidates = {ref for image in images for ref in (image.own, None if image.locked else image.upstream) if ref}
    try:
        held = list(names_on_nodes(engine, running_nodes(kind_cluster.containers)).values())
    except ImageError as error:
        return frozenset(), error.message
    return frozenset.intersection(*held) & candidates if held else frozenset(), ""
