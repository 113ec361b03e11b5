"""The steps of one stack, in their order: hooks before, sources, hooks after, readiness.

Hooks that may fail are awaited by nothing but the hooks that follow them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from devenv.plan.observed import StackInput
from devenv.plan.plan import PlanNode
from devenv.plan.replacement import Blockers
from devenv.plan.steps import (
    ApplyCa,
    ApplyLicence,
    ApplyManifests,
    ApplySeeds,
    ApplyTls,
    AwaitReady,
    GrowClaim,
    InstallChart,
    PrepareDatabase,
    RefreshSecrets,
    ReplaceObject,
    ResetDatabase,
    RunHook,
    Step,
    load_key,
    module_key,
)
from devenv.spec.stack import Source, StackSpec

NOT_READY = "not ready"
"""Why a stack is awaited that is as wanted otherwise: nothing of it is installed again."""
SYNCED = "synced"
"""Why pods of a stack are replaced of which nothing else has changed: `devenv dev` has put files into them."""
DEBUGGED = "left under a debugger"
"""Why a stack is given back of which nothing else has changed: the `devenv debug` that had it was killed."""
INTERCEPTED = "left intercepted"
"""The same of a `devenv intercept`."""
PINNED_SINCE = "runs what devenv.lock pins since"
"""Why a stack is recorded anew of which nothing else has changed."""
AWAITED_ALONE = frozenset({NOT_READY, SYNCED, DEBUGGED, INTERCEPTED, PINNED_SINCE})
"""The reasons for which nothing of a stack is installed again."""
PINNED_OTHERWISE = "changed: devenv.lock pins images, which it is not proven to run"
_WHY_RESET = "its migrations and seeds have been applied"


def stack_nodes(
    spec: StackSpec,
    rendered: StackInput,
    *,
    before: frozenset[str],
    cluster: frozenset[str],
    reason: str,
    blockers: Sequence[Blockers | None] = (),
    untouched: AbstractSet[str] = frozenset(),
    fresh: bool = False,
) -> list[PlanNode]:
    """The steps that bring a stack to the wanted content.

    Args:
        spec: the stack.
        rendered: what its steps are made of.
        before: steps after which the cluster takes objects, and the stacks that this one needs are ready.
        cluster: the first of these alone.
        reason: why the stack is installed, or only awaited.
        blockers: what blocks each of `sources_to_apply`, None where that is not known; nothing where nothing does.
        untouched: what names the manifests of pinned modules that need not be applied again.
        fresh: whether its database holds nothing yet.
    """
    if reason in AWAITED_ALONE:
        awaited = replace(_await_ready(spec, rendered), pinned_since=reason == PINNED_SINCE)
        return [PlanNode(awaited, before, reason)]
    leading = _one_by_one(_leading_steps(spec, rendered), before, reason)
    left = sources_to_apply(spec, rendered, untouched)
    known = list(zip(left, blockers or [Blockers()] * len(left), strict=True))
    images = frozenset(load_key(name) for name in rendered.images)
    sources, last = _sources(spec, known, _end(leading, before), images, cluster=cluster, reason=reason)
    trailing = _one_by_one(_trailing_steps(spec, rendered, fresh=fresh), last, reason)
    last = _end(trailing, last)
    # Nobody waits for what may fail.
    aside = _one_by_one(_hooks_aside(spec), last, reason)
    kept = tuple(name for name in rendered.pinned.values() if name in untouched)
    awaited = replace(_await_ready(spec, rendered), kept=kept)
    return [*leading, *sources, *trailing, *aside, PlanNode(awaited, last, reason)]


def _one_by_one(steps: Iterable[Step], before: frozenset[str], reason: str) -> list[PlanNode]:
    nodes: list[PlanNode] = []
    for step in steps:
        why = _WHY_RESET if isinstance(step, ResetDatabase) else reason
        nodes.append(PlanNode(step, _end(nodes, before), why))
    return nodes


def _end(nodes: Sequence[PlanNode], before: frozenset[str]) -> frozenset[str]:
    """What comes after some steps needs: the last of them, or what they would have needed."""
    return frozenset({nodes[-1].key}) if nodes else before


def _sources(
    spec: StackSpec,
    sources: Iterable[tuple[InstallChart | ApplyManifests, Blockers | None]],
    last: frozenset[str],
    images: frozenset[str],
    *,
    cluster: frozenset[str],
    reason: str,
) -> tuple[list[PlanNode], frozenset[str]]:
    """The steps that apply the sources, each after `last`, and what those that follow them need."""
    nodes: list[PlanNode] = []
    for step, known in sources:
        module = {module_key(step.module)} if step.module else set()
        # A module's manifests are definitions: they need no other stack and start nothing that needs an image.
        defines = isinstance(step, ApplyManifests) and step.module
        before = cluster | module if defines else last | module | images
        way = _replacement_steps(spec, known or Blockers(), before)
        apply = PlanNode(_looking(step, known), before | {node.key for node in way}, reason)
        nodes += [*way, apply]
        last = last | {apply.key} if defines else frozenset({apply.key})
    return nodes, last


def _looking(step: InstallChart | ApplyManifests, known: Blockers | None) -> InstallChart | ApplyManifests:
    """The step with what is known of what it will lose; where nothing is known it looks for itself."""
    if known is None:
        return replace(step, looks_ahead=True)
    return replace(step, loses="; ".join(known.removal_losses)) if isinstance(step, InstallChart) else step


def _await_ready(spec: StackSpec, rendered: StackInput) -> AwaitReady:
    """The step that ends every stack."""
    return AwaitReady(
        spec.name,
        spec.layer,
        spec.namespace,
        spec.ready,
        spec.deadline,
        rendered.content,
        rendered.root,
        tuple(rendered.images.items()),
    )


def source_steps(spec: StackSpec, rendered: StackInput) -> list[InstallChart | ApplyManifests]:
    """The steps that apply the sources of a stack, in their order."""
    return [_install(spec, rendered, index, source) for index, source in enumerate(spec.sources)]


def sources_to_apply(
    spec: StackSpec, rendered: StackInput, untouched: AbstractSet[str]
) -> list[InstallChart | ApplyManifests]:
    """Those of `source_steps` that are not a pinned module's, of which all is in the cluster as it was applied."""
    steps = source_steps(spec, rendered)
    return [step for step in steps if not isinstance(step, ApplyManifests) or step.pinned not in untouched]


def _replacement_steps(spec: StackSpec, blockers: Blockers, before: frozenset[str]) -> list[PlanNode]:
    """The steps that replace or grow what blocks a source, as late as can be."""
    place = (spec.name, spec.layer, spec.namespace)
    grown = [PlanNode(GrowClaim(*place, growth), before, "too small") for growth in blockers.growths]
    after = before | {node.key for node in grown}
    replaced = [PlanNode(ReplaceObject(*place, r, spec.deadline), after, r.why) for r in blockers.replacements]
    return [*grown, *replaced]


def _leading_steps(spec: StackSpec, rendered: StackInput) -> Iterator[Step]:
    place = (spec.name, spec.layer, spec.namespace)
    yield from (RunHook(*place, "before", hook) for hook in spec.hooks.before)
    if spec.tls:
        yield ApplyTls(*place, rendered.domain)
    if spec.ca:
        yield ApplyCa(*place, rendered.domain)
    if spec.seeds:
        yield ApplySeeds(*place, rendered.seeds)
    if spec.licence and rendered.licensed:
        yield ApplyLicence(*place, spec.licence.variable, spec.licence.secret)


def _trailing_steps(spec: StackSpec, rendered: StackInput, *, fresh: bool) -> Iterator[Step]:
    place = (spec.name, spec.layer, spec.namespace)
    if spec.seeds:
        yield RefreshSecrets(*place)
    if spec.database:
        yield PrepareDatabase(*place, spec.database, rendered.database_content, rendered.database_seeds, fresh)
    if spec.database and rendered.renewed:
        yield ResetDatabase(*place, spec.database)
    yield from (RunHook(*place, "after", hook) for hook in spec.hooks.after[: _awaited_hooks(spec)])


def _hooks_aside(spec: StackSpec) -> Iterator[Step]:
    place = (spec.name, spec.layer, spec.namespace)
    yield from (RunHook(*place, "after", hook) for hook in spec.hooks.after[_awaited_hooks(spec) :])


def _awaited_hooks(spec: StackSpec) -> int:
    """How many of the hooks after the sources there are up to the last one that must not fail."""
    return max((i for i, hook in enumerate(spec.hooks.after, 1) if hook.on_failure == "fail"), default=0)


def _install(spec: StackSpec, rendered: StackInput, index: int, source: Source) -> InstallChart | ApplyManifests:
    path = rendered.sources[index]
    if source.chart:
        chart = source.chart
        return InstallChart(
            spec.name,
            spec.layer,
            spec.namespace,
            release=chart.release or spec.name,
            chart=path or chart.oci or chart.name or "",
            values=rendered.values,
            deadline=spec.deadline,
            content=rendered.content,
            module=chart.module,
            repository=chart.repository,
            version=chart.version,
            drop_dependencies=chart.drop_dependencies,
            config_maps=rendered.config_maps,
        )
    return ApplyManifests(
        spec.name,
        spec.layer,
        spec.namespace,
        index,
        path,
        module=source.manifests.module if source.manifests else None,
        kustomize=source.kustomize is not None,
        pinned=rendered.pinned.get(index, ""),
        images=() if source.manifests and source.manifests.module else rendered.kustomize_images,
    )
