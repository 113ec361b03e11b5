"""The steps of one stack, in their order: hooks before, sources, hooks after, readiness."""

from __future__ import annotations

from devenv.plan.observed import StackInput
from devenv.plan.plan import PlanDraft
from devenv.plan.steps import (
    ApplyManifests,
    ApplySeeds,
    ApplyTls,
    AwaitReady,
    InstallChart,
    RunHook,
    Step,
)
from devenv.spec.stack import Hook, Source, StackSpec


def add_stack(
    draft: PlanDraft, spec: StackSpec, rendered: StackInput, needs: frozenset[str], reason: str
) -> None:
    """Add the steps that bring a stack to the wanted content.

    `needs` are the steps that all of them wait for: the cluster and the stacks that this one needs. Images and modules
    are awaited only by the step that uses them.
    """
    last = needs
    for step in _leading_steps(spec, rendered):
        last = frozenset({draft.add(step, last, reason)})
    images = {f"load/{name}" for name in rendered.images}
    for index, source in enumerate(spec.sources):
        named = source.chart or source.manifests
        module = {f"module/{named.module}"} if named and named.module else set()
        # A module's manifests are definitions: they start nothing that needs an image.
        defines = source.manifests is not None and source.manifests.module is not None
        waits = last | module | (frozenset() if defines else images)
        last = frozenset({draft.add(_install(spec, rendered, index, source), waits, reason)})
    for hook in spec.hooks.after:
        last = frozenset({draft.add(_hook(spec, "after", hook), last, reason)})
    draft.add(await_ready(spec, rendered), last, reason)


def await_ready(spec: StackSpec, rendered: StackInput) -> AwaitReady:
    """The step that ends every stack."""
    return AwaitReady(
        spec.name, spec.layer, spec.namespace, spec.ready, spec.deadline, rendered.content, rendered.root
    )


def _leading_steps(spec: StackSpec, rendered: StackInput) -> list[Step]:
    steps: list[Step] = [_hook(spec, "before", hook) for hook in spec.hooks.before]
    if spec.tls:
        steps.append(ApplyTls(spec.name, spec.layer, spec.namespace, rendered.domain))
    if spec.seeds:
        steps.append(ApplySeeds(spec.name, spec.layer, spec.namespace, rendered.seeds))
    return steps


def _hook(spec: StackSpec, when: str, hook: Hook) -> RunHook:
    return RunHook(spec.name, spec.layer, spec.namespace, when, hook)


def _install(spec: StackSpec, rendered: StackInput, index: int, source: Source) -> Step:
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
        )
    return ApplyManifests(
        spec.name,
        spec.layer,
        spec.namespace,
        index,
        path,
        module=source.manifests.module if source.manifests else None,
        kustomize=source.kustomize is not None,
    )
