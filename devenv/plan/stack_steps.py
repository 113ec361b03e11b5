"""The steps of one stack, in their order: hooks before, sources, hooks after, readiness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devenv.plan.observed import StackInput
from devenv.plan.plan import PlanDraft
from devenv.plan.replacement import Obstacles
from devenv.plan.steps import (
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
)
from devenv.spec.stack import Hook, Source, StackSpec


def add_stack(
    draft: PlanDraft,
    spec: StackSpec,
    rendered: StackInput,
    *,
    cluster: frozenset[str],
    needs: frozenset[str],
    reason: str,
    obstacles: Sequence[Obstacles | None] = (),
    fresh: bool = False,
) -> None:
    """Add the steps that bring a stack to the wanted content.

    Args:
        draft: what they are added to.
        spec: the stack.
        rendered: what its steps are made of.
        cluster: steps after which the cluster takes objects.
        needs: steps after which the stacks that this one needs are ready.
        reason: why the stack is installed.
        obstacles: what stands in the way of each source, None where that is not known; nothing where nothing does.
        fresh: whether its database holds nothing yet.
    """
    last = cluster | needs
    for step in _leading_steps(spec, rendered):
        last = frozenset({draft.add(step, last, reason)})
    images = {f"load/{name}" for name in rendered.images}
    for index, step in enumerate(source_steps(spec, rendered)):
        module = {f"module/{step.module}"} if step.module else set()
        # A module's manifests are definitions: they need no other stack and start nothing that needs an image.
        defines = isinstance(step, ApplyManifests) and step.module
        before = cluster | module if defines else last | module | images
        known = obstacles[index] if obstacles else Obstacles()
        if known:
            before = before | _give_way(draft, spec, known, before)
        added = frozenset({draft.add(replace(step, looks_ahead=known is None), before, reason)})
        last = last | added if defines else added
    if spec.seeds:
        last = frozenset({draft.add(RefreshSecrets(spec.name, spec.layer, spec.namespace), last, reason)})
    if spec.database:
        kept = PrepareDatabase(
            spec.name,
            spec.layer,
            spec.namespace,
            spec.database,
            rendered.database_content,
            rendered.database_seeds,
            fresh,
        )
        last = frozenset({draft.add(kept, last, reason)})
    if spec.database and rendered.renewed:
        reset = ResetDatabase(spec.name, spec.layer, spec.namespace, spec.database)
        last = frozenset({draft.add(reset, last, "its migrations and seeds have been applied")})
    for hook in spec.hooks.after:
        last = frozenset({draft.add(_hook(spec, "after", hook), last, reason)})
    draft.add(await_ready(spec, rendered), last, reason)


def await_ready(spec: StackSpec, rendered: StackInput) -> AwaitReady:
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


def _give_way(draft: PlanDraft, spec: StackSpec, obstacles: Obstacles, before: frozenset[str]) -> frozenset[str]:
    """Add the steps that make way for a source, as late as can be; returns their keys."""
    place = (spec.name, spec.layer, spec.namespace)
    grown = frozenset(draft.add(GrowClaim(*place, g), before, "too small") for g in obstacles.growths)
    return grown | {
        draft.add(ReplaceObject(*place, r, spec.deadline), before | grown, r.why) for r in obstacles.replacements
    }


def _leading_steps(spec: StackSpec, rendered: StackInput) -> list[Step]:
    steps: list[Step] = [_hook(spec, "before", hook) for hook in spec.hooks.before]
    if spec.tls:
        steps.append(ApplyTls(spec.name, spec.layer, spec.namespace, rendered.domain))
    if spec.seeds:
        steps.append(ApplySeeds(spec.name, spec.layer, spec.namespace, rendered.seeds))
    if spec.licence and rendered.licensed:
        licence = spec.licence
        steps.append(ApplyLicence(spec.name, spec.layer, spec.namespace, licence.variable, licence.secret))
    return steps


def _hook(spec: StackSpec, when: str, hook: Hook) -> RunHook:
    return RunHook(spec.name, spec.layer, spec.namespace, when, hook)


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
        images=rendered.kustomize_images if source.kustomize else (),
    )
