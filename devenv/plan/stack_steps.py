"""The steps of one stack, in their order: hooks before, sources, hooks after, readiness."""

from __future__ import annotations

from devenv.plan.observed import StackInput
from devenv.plan.plan import PlanDraft
from devenv.plan.steps import (
    ApplyLicence,
    ApplyManifests,
    ApplySeeds,
    ApplyTls,
    AwaitReady,
    InstallChart,
    PrepareDatabase,
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
) -> None:
    """Add the steps that bring a stack to the wanted content.

    Args:
        draft: what they are added to.
        spec: the stack.
        rendered: what its steps are made of.
        cluster: steps after which the cluster takes objects.
        needs: steps after which the stacks that this one needs are ready.
        reason: why the stack is installed.
    """
    last = cluster | needs
    for step in _leading_steps(spec, rendered):
        last = frozenset({draft.add(step, last, reason)})
    images = {f"load/{name}" for name in rendered.images}
    for index, source in enumerate(spec.sources):
        step = _install(spec, rendered, index, source)
        named = source.chart or source.manifests
        module = {f"module/{named.module}"} if named and named.module else set()
        if source.manifests and source.manifests.module:
            # A module's manifests are definitions: they need no other stack and start nothing that needs an image.
            last = last | {draft.add(step, cluster | module, reason)}
        else:
            last = frozenset({draft.add(step, last | module | images, reason)})
    if spec.database:
        kept = PrepareDatabase(
            spec.name,
            spec.layer,
            spec.namespace,
            spec.database,
            rendered.database_content,
            rendered.database_seeds,
        )
        last = frozenset({draft.add(kept, last, reason)})
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
        images=rendered.kustomize_images if source.kustomize else (),
    )
