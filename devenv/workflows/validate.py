"""`devenv validate`: what can be told of a project without an engine or a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from devenv.adapters.kubernetes import manifests
from devenv.errors import DevenvError
from devenv.plan.observed import StackInput
from devenv.runtime.observe.rendered_contents import Renderers, render, require_sound_rendering
from devenv.runtime.observe.staleness import spec_problems
from devenv.spec.checks.monitor_targets import Installed, target_warnings
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import Workspace
from devenv.workflows.offline import offline_inputs, offline_toolbox, refusal

_AT_ONCE = 4


def examine(workspace: Workspace) -> list[str]:
    """What of the project's own stacks may well be wrong, in words, once they are rendered.

    Containers whose local image can be stale, or that no registry has, and monitors that match nothing. Told of what
    can be rendered: what lies in the project's folder, by a Helm and a kubectl that are there already. All else
    `devenv up` reports.

    Raises:
        SpecError: rules, monitors or dashboards among it are wrong.
    """
    renderers = Renderers.of(offline_toolbox(workspace))
    inputs = offline_inputs(workspace, [name for name in workspace.selected if not workspace.stacks[name].builtin])
    require_sound_rendering(workspace, inputs, renderers)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda pair: _of_stack(pair[0], pair[1], renderers), inputs))
    warnings = [warning for told, _ in found for warning in told]
    objects = [each for _, made in found for each in made]
    shared = {s.spec.namespace for name in workspace.selected if (s := workspace.stacks[name]).builtin}
    return [*warnings, *target_warnings(objects, {spec.namespace for spec, _ in inputs} - shared)]


def _of_stack(spec: StackSpec, made: StackInput, renderers: Renderers) -> tuple[list[str], list[Installed]]:
    """The warnings of a stack, and its objects."""
    warnings, objects = list[str](), list[Installed]()
    for source, path in zip(spec.sources, made.sources, strict=True):
        try:
            documents = manifests.documents(render(source, spec, path, made, renderers))
        except DevenvError as error:
            warnings.append(f"stack {spec.name}: {refusal(error)}")
            continue
        objects += [Installed.of(spec.name, spec.namespace, item) for item in documents]
    for each in objects:
        for container, problem in spec_problems(_pod_spec(each.item)):
            kind, name = each.item["kind"], each.item["metadata"]["name"]
            warnings.append(f"stack {spec.name}: {kind.lower()} {name}/{container}: {problem}")
    return warnings, objects


def _pod_spec(item: Mapping[str, Any]) -> dict[str, Any]:
    """The specification of the pods that an object makes; empty where it makes none."""
    spec = item.get("spec") or {}
    if item["kind"] == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    found: dict[str, Any] = spec if item["kind"] == "Pod" else (spec.get("template") or {}).get("spec") or {}
    return found if isinstance(found, dict) else {}
