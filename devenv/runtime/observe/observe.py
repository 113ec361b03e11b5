"""The present state, gathered as data: what the planner needs to know, asked in parallel.

Responsible for asking the host, the engine and the cluster. Registries are asked only when something is nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import yaml

from devenv.adapters.docker import ContainerInfo
from devenv.adapters.engine.service import is_own_engine
from devenv.adapters.tools.toolchain import Located, Toolchain
from devenv.errors import ImageError
from devenv.images.build.modules import GOLANG, Module, go_on_path
from devenv.images.catalogue.presence import observe_images
from devenv.images.nodes.content import names_on_nodes
from devenv.plan.graph import Selection
from devenv.plan.image import BALANCER, NODE, Image, Mode
from devenv.plan.kind_config import KindSettings, control_plane_count, kind_config
from devenv.plan.names import HOST_CA
from devenv.plan.observed import ClusterState, Observed, ObservedImages, ObservedStack
from devenv.plan.planner import Wanted, stacks_to_install
from devenv.plan.provision import choose
from devenv.plan.replacement import Obstacles
from devenv.plan.stack_steps import modules_of
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
        ports = choose_ports(environment.workspace.project.cluster.ports, containers, environment.claims)
        databases = [stack.spec.database for stack in environment.workspace.stacks.values() if stack.spec.database]
        database_ports = choose_database_ports(databases, containers, avoid=ports, claims=environment.claims)
        kind_file = _kind_file(environment)
        several = control_plane_count(kind_file, environment.workspace.project.cluster.nodes) > 1
        used = [*_stack_images(environment, selection), NODE, *([BALANCER] if several else [])]
        modules = _find_modules(environment, selection)
        module_image = None if go_on_path() else GOLANG
        fetched_in = [module_image] if module_image and not all(modules.values()) else []
        described = environment.catalogue.described([*used, *fetched_in])
        on_nodes, silent = _references_on_nodes(environment, [described[name] for name in used], containers)
        images = observe_images(engine, described, [*used, *fetched_in], mode, elsewhere=on_nodes)
        located, facts_of_cluster = tools.result(), cluster.result()
        if silent and facts_of_cluster.state is ClusterState.RUNNING:
            # Of a node that has just been started: it is waited for before anything is compared.
            facts_of_cluster = replace(facts_of_cluster, state=ClusterState.UNREACHABLE, reason=silent)
        engine_facts = version.result()
    chosen = {name: _choose(described[name], mode, images, on_nodes) for name in used}
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
        references=chosen,
        tools=("kind", "helm", "kubectl"),
        needs={name: stack.spec.needs for name, stack in environment.workspace.stacks.items()},
        images=mode,
        module_image=module_image,
        prunes_cache=is_own_engine(engine_facts.id),
    )
    observed = Observed(
        cluster=facts_of_cluster.state,
        stacks=observed_stacks(facts_of_cluster, verify=verify),
        tools_present=frozenset(name for name, tool in located.items() if tool.path),
        modules_present=frozenset(name for name, found in modules.items() if found),
        # A node knows an image by its tag alone, which does not tell whether it has the digest of the lock.
        images_on_nodes=on_nodes - {described[name].upstream for name in used if described[name].digest},
        images=images,
        fresh_databases=_fresh_databases(wanted, facts_of_cluster),
    )
    observed = replace(observed, obstacles=_obstacles(environment, wanted, observed, facts_of_cluster))
    return Observation(wanted, observed, facts, facts_of_cluster, holding)


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


def _find_modules(environment: Environment, selection: Selection) -> dict[str, bool]:
    """The modules of the selected stacks, and whether each is in the cache."""
    versions = environment.workspace.versions.modules
    names = {name for stack in selection.stacks for name in modules_of(environment.workspace.stacks[stack].spec)}
    modules = {name: Module(name, versions[name].version, versions[name].sum) for name in names}
    environment.modules.update({name: module.folder for name, module in modules.items() if module.cached})
    return {name: name in environment.modules for name in modules}


def _stack_images(environment: Environment, selection: Selection) -> list[str]:
    stacks = [environment.workspace.stacks[name].spec for name in selection.stacks]
    used = [images_of(stack, licensed=is_licensed(stack, os.environ)).values() for stack in stacks]
    return list(dict.fromkeys(image for images in used for image in images))


def _references_on_nodes(
    environment: Environment, images: Sequence[Image], containers: Sequence[ContainerInfo]
) -> tuple[frozenset[str], str]:
    """The references that every node holds, and why nothing is known of the nodes where one does not answer."""
    # Of a node's image only the name is known, which may have another digest than the locked one.
    candidates = {ref for image in images for ref in (image.own, None if image.locked else image.upstream) if ref}
    try:
        held = list(names_on_nodes(environment.engine, running_nodes(containers)).values())
    except ImageError as error:
        return frozenset(), error.message
    return frozenset.intersection(*held) & candidates if held else frozenset(), ""


def _choose(image: Image, mode: Mode, images: ObservedImages, on_nodes: frozenset[str]) -> str:
    """The reference of an image: what the nodes run already goes before what the engine has."""
    running = on_nodes.intersection(image.usable(mode))
    return choose(image, mode, running or images.in_engine, images.registries).reference


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
