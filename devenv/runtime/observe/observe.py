"""The present state, gathered as data: what the planner needs to know, asked in parallel.

Responsible for asking the host, the engine and the cluster. Registries are asked only when something is nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import yaml

from devenv.adapters.docker import ContainerInfo
from devenv.adapters.engine.service import is_own_engine
from devenv.adapters.tools.toolchain import Located, Toolchain
from devenv.errors import ImageError
from devenv.images.build.modules import GOLANG, Module, go_on_path
from devenv.images.catalogue.catalogue import BALANCER, NODE
from devenv.images.catalogue.choice import Mode, choose, provide_steps, registries_to_ask, usable
from devenv.images.catalogue.presence import present_references, with_makings
from devenv.images.catalogue.registries import Registries
from devenv.images.nodes.content import names_on_nodes
from devenv.plan.graph import Selection
from devenv.plan.kind_config import KindSettings, control_plane_count, kind_config
from devenv.plan.names import HOST_CA
from devenv.plan.observed import ClusterState, Observed, ObservedStack
from devenv.plan.planner import Provision, Wanted, stacks_to_install
from devenv.plan.replacement import Obstacles
from devenv.runtime.environment import Environment
from devenv.runtime.host.ports import choose_database_ports, choose_ports
from devenv.runtime.observe.cluster import ClusterFacts, observe_cluster
from devenv.runtime.observe.refusals import foresee, unforeseen
from devenv.runtime.observe.stack_inputs import images_of, is_licensed, renew, stack_inputs
from devenv.runtime.ownership.marks import look
from devenv.runtime.ownership.ownership import Holding, running_nodes
from devenv.spec.render import ProjectFacts


@dataclass(frozen=True, slots=True)
class Observation:
    """What is wanted and what is there: the planner's two arguments, and what links are made from."""

    wanted: Wanted
    observed: Observed
    facts: ProjectFacts
    cluster: ClusterFacts
    holding: Holding
    """What the engine holds of the cluster, and whose it is."""
    images: Mapping[str, str]
    """Image name to the reference that is used, for the selected stacks and the cluster's containers."""


@dataclass(frozen=True, slots=True)
class _Presence:
    """Where images are already."""

    on_nodes: frozenset[str]
    in_engine: frozenset[str]

    @property
    def anywhere(self) -> frozenset[str]:
        return self.on_nodes | self.in_engine


def observe(
    environment: Environment,
    selection: Selection,
    mode: Mode,
    *,
    verify: bool = False,
    renewed: Collection[str] = (),
) -> Observation:
    """Look at the host, the engine and the cluster; with `verify` also at what others have changed there.

    `renewed` are the stacks whose databases are to be reset to what their migrations and seeds are now.

    Raises:
        PortTakenError: a port of the specification is held by another process.
        ImageError: an image can be had from nowhere in this mode.
    """
    environment.images_mode = mode
    names, engine = environment.names, environment.engine
    with ThreadPoolExecutor(thread_name_prefix="observe") as pool:
        tools = pool.submit(_locate_tools, environment)
        version = pool.submit(engine.version)
        holding = look(engine, names)
        containers = holding.containers
        cluster = pool.submit(observe_cluster, holding, environment.kubeconfig, export=environment.export_kubeconfig)
        ports = choose_ports(environment.workspace.project.cluster.ports, containers)
        databases = [stack.spec.database for stack in environment.workspace.stacks.values() if stack.spec.database]
        database_ports = choose_database_ports(databases, containers, avoid=ports)
        kind_file = _kind_file(environment)
        several = control_plane_count(kind_file, environment.workspace.project.cluster.nodes) > 1
        images = [*_stack_images(environment, selection), NODE, *([BALANCER] if several else [])]
        presence, silent = _presence(environment, images, containers)
        located, facts_of_cluster = tools.result(), cluster.result()
        if silent and facts_of_cluster.state is ClusterState.RUNNING:
            # Of a node that has just been started: it is waited for before anything is compared.
            facts_of_cluster = replace(facts_of_cluster, state=ClusterState.UNREACHABLE, reason=silent)
        engine_facts = version.result()
    chosen = _choose(environment, images, mode, presence)
    project = environment.workspace.project
    host_ca = HOST_CA if environment.trust.extra else ""
    facts = ProjectFacts(project.project, project.profile, *ports, host_ca=host_ca)
    wanted = Wanted(
        project=project.project,
        cluster=names.cluster,
        stacks=[
            (spec, renew(rendered) if spec.name in renewed else rendered)
            for spec, rendered in stack_inputs(
                environment.workspace, selection.stacks, facts, chosen, environment.digests, environ=os.environ
            )
        ],
        versions=environment.workspace.versions,
        kind_config=kind_config(
            kind_file, _kind_settings(environment, facts, database_ports, cgroup_v1=engine_facts.cgroup == "1")
        ),
        node_image=chosen[NODE],
        balancer_image=chosen.get(BALANCER),
        tools=("kind", "helm", "kubectl"),
        needs={name: stack.spec.needs for name, stack in environment.workspace.stacks.items()},
        provide=lambda wanted_images: _provide(environment, wanted_images, mode, presence, chosen),
        module_image=None if go_on_path() else GOLANG,
        prunes_cache=is_own_engine(engine_facts.id),
    )
    observed = Observed(
        cluster=facts_of_cluster.state,
        stacks=observed_stacks(facts_of_cluster, verify=verify),
        tools_present=frozenset(name for name, tool in located.items() if tool.path),
        modules_present=frozenset(_find_modules(environment, selection)),
        # A node knows an image by its tag alone, which does not tell whether it has the digest of the lock.
        images_on_nodes=presence.on_nodes - _pinned(environment, chosen),
        images_in_engine=presence.in_engine,
        registries=environment.registries,
        fresh_databases=_fresh_databases(wanted, facts_of_cluster),
    )
    observed = replace(observed, obstacles=_obstacles(environment, wanted, observed, facts_of_cluster))
    return Observation(wanted, observed, facts, facts_of_cluster, holding, chosen)


def _fresh_databases(wanted: Wanted, facts: ClusterFacts) -> frozenset[str]:
    return frozenset(
        spec.name
        for spec, _ in wanted.stacks
        if spec.database and facts.has_no_data(spec.namespace, spec.database.workload)
    )


def _obstacles(
    environment: Environment, wanted: Wanted, observed: Observed, facts: ClusterFacts
) -> Mapping[str, tuple[Obstacles | None, ...]]:
    """What will not give way by itself to the stacks that are there and will be installed over."""
    there = {*facts.records, *(release.stack for release in facts.releases)}
    over = [(spec, made) for spec, made in stacks_to_install(wanted, observed) if spec.name in there]
    if not over or facts.state is not ClusterState.RUNNING:
        return {}
    if not {"helm", "kubectl"} <= observed.tools_present:
        return unforeseen(over)
    return foresee(environment, over)


def _locate_tools(environment: Environment) -> Mapping[str, Located]:
    located = Toolchain(environment.workspace.versions.tools).locate_all()
    environment.programs.update({name: tool.path for name, tool in located.items() if tool.path})
    environment.engine.builds.buildx = environment.programs.get("buildx")
    return located


def _find_modules(environment: Environment, selection: Selection) -> list[str]:
    """Modules of the selected stacks that are in the cache."""
    versions = environment.workspace.versions.modules
    for name in selection.stacks:
        for source in environment.workspace.stacks[name].spec.sources:
            named = source.chart or source.manifests
            if named and named.module:
                pinned = versions[named.module]
                module = Module(named.module, pinned.version, pinned.sum)
                if module.cached:
                    environment.modules[named.module] = module.folder
    return list(environment.modules)


def _stack_images(environment: Environment, selection: Selection) -> list[str]:
    stacks = [environment.workspace.stacks[name].spec for name in selection.stacks]
    used = [images_of(stack, licensed=is_licensed(stack, os.environ)).values() for stack in stacks]
    return list(dict.fromkeys(image for images in used for image in images))


def _presence(
    environment: Environment, images: Sequence[str], containers: Sequence[ContainerInfo]
) -> tuple[_Presence, str]:
    """Where the images are, and why nothing is known of the nodes where one of them does not answer."""
    plans = [environment.catalogue[name] for name in images]
    # Of a node's image only the name is known, which may have another digest than the locked one.
    candidates = {name for plan in plans for name in (plan.own, None if plan.locked else plan.upstream) if name}
    in_engine = present_references(environment.engine, plans)
    try:
        held = list(names_on_nodes(environment.engine, running_nodes(containers)).values())
    except ImageError as error:
        return _Presence(frozenset(), in_engine), error.message
    return _Presence(frozenset.intersection(*held) & candidates if held else frozenset(), in_engine), ""


def _choose(environment: Environment, images: Sequence[str], mode: Mode, presence: _Presence) -> dict[str, str]:
    """The reference of each image: what the nodes run already goes before what the engine has."""
    catalogue = environment.catalogue
    asked = registries_to_ask(catalogue, images, mode, presence.anywhere)
    environment.registries = Registries().answering(asked)
    chosen = {}
    for name in images:
        image = catalogue[name]
        running = presence.on_nodes.intersection(usable(image, mode))
        chosen[name] = choose(image, mode, running or presence.in_engine, environment.registries).reference
    return chosen


def _pinned(environment: Environment, images: Iterable[str]) -> set[str]:
    """The upstream references that a digest pins."""
    plans = [environment.catalogue[name] for name in images]
    return {plan.upstream for plan in plans if plan.upstream and plan.digest}


def _provide(
    environment: Environment,
    images: Sequence[str],
    mode: Mode,
    presence: _Presence,
    chosen: Mapping[str, str],
) -> Sequence[Provision]:
    """Steps for images that the engine lacks; what those are made from is looked at only now."""
    catalogue = environment.catalogue
    missing = [name for name in images if chosen.get(name) not in presence.in_engine]
    if not missing:
        return ()
    present = present_references(environment.engine, with_makings(catalogue, missing))
    return provide_steps(catalogue, missing, mode, present, environment.registries, chosen=chosen)


def _kind_file(environment: Environment) -> Mapping[str, Any]:
    """The configuration of kind as the user's own file has it, or else devenv's."""
    own = environment.workspace.project.cluster.config
    file = environment.workspace.root / own if own else environment.data / "cluster" / "kind.yaml"
    return yaml.safe_load(file.read_bytes()) or {}


def _kind_settings(
    environment: Environment, facts: ProjectFacts, database_ports: Mapping[int, int], *, cgroup_v1: bool
) -> KindSettings:
    trust = environment.trust
    return KindSettings(
        nodes=environment.workspace.project.cluster.nodes,
        http_port=facts.http_port,
        https_port=facts.https_port,
        cgroup_v1=cgroup_v1,
        host_ca_bundle=trust.bundle if trust.extra else None,
        database_ports=tuple(database_ports.items()),
    )


def observed_stacks(facts: ClusterFacts, *, verify: bool = False) -> dict[str, ObservedStack]:
    """What a plan is made from, of what is known of the cluster."""
    if facts.state is not ClusterState.RUNNING:
        # What cannot be asked is taken as recorded nowhere; starting the cluster makes it known to the next run.
        return {}
    pending = {release.stack for release in facts.releases if release.pending}
    names = {*facts.records, *pending}
    return {
        name: ObservedStack(
            content=facts.records[name].content if name in facts.records else "",
            ready=not facts.unready(name),
            pending=name in pending,
            missing=bool(facts.incomplete(name)),
            recorded=name in facts.records and facts.records[name].objects is not None,
            drifted=verify and bool(facts.drifted(name)),
        )
        for name in names
    }
