"""The steps of one stack, in their order: hooks before, sources, hooks after, readiness."""

from __future__ import annotations

from devenv.plan.observed import StackInput
from devenv.plan.plan import PlanDraft
from devenv.plan.steps import (
    ApplyManifests,
    ApplySeeds,
    ApplyTls,
    AwaitReady,
    FetchModule,
    InstallChart,
    RunHook,
    Step,
)
from devenv.spec.stack import ChartSource, Hook, Source, StackSpec
from devenv.spec.versions import Versions


def add_stack(
    draft: PlanDraft, spec: StackSpec, rendered: StackInput, versions: Versions, needs: frozenset[str], reason: str
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
        step, modules = _install(spec, rendered, index, source, versions)
        for module in modules:
            draft.add(module, reason="missing")
        waits = last | {m.key for m in modules} | images
        last = frozenset({draft.add(step, waits, reason)})
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


def _install(
    spec: StackSpec, rendered: StackInput, index: int, source: Source, versions: Versions
) -> tuple[Step, list[FetchModule]]:
    module = (source.chart or source.manifests or ChartSource(path="-")).module
    fetch = [_fetch(module, versions)] if module else []
    path = rendered.sources[index]
    if source.chart:
        chart = source.chart
        return (
            InstallChart(
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
            ),
            fetch,
        )
    kustomize = source.kustomize is not None
    return (
        ApplyManifests(
            spec.name, spec.layer, spec.namespace, index, path, module=module, kustomize=kustomize
        ),
        fetch,
    )


def _fetch(module: str, versions: Versions) -> FetchModule:
    pinned = versions.modules[module]
    return FetchModule(module, pinned.version, pinned.sum)
