"""`devenv validate`: what can be told of a project without an engine or a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.adapters.charts import kustomize
from devenv.adapters.charts.charts import complete
from devenv.adapters.charts.helm import ChartRelease, Helm
from devenv.adapters.files.paths import data_root
from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.adapters.tools.toolchain import Toolchain
from devenv.errors import DevenvError
from devenv.images.catalogue.catalogue import Catalogue, hashing
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.observed import StackInput
from devenv.runtime.host.ports import PREFERRED_HTTP, PREFERRED_HTTPS
from devenv.runtime.observe.stack_inputs import images_of, is_licensed, stack_inputs
from devenv.runtime.observe.staleness import spec_problems
from devenv.spec.render import ProjectFacts
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import Workspace

_NO_CLUSTER = Path("/nonexistent/kubeconfig")
"""Rendering asks no cluster, and must not find the user's."""
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class _Renderers:
    helm: Helm | None
    kubectl: Kubectl | None


def pull_warnings(workspace: Workspace) -> list[str]:
    """Containers of the project's own stacks whose local image can be stale, or that no registry has, in words.

    Told of what can be rendered: charts and kustomizations in the project's folder, by a Helm and a kubectl that are
    there already. All else `devenv up` reports.
    """
    toolchain = Toolchain(workspace.versions.tools)
    helm, kubectl = toolchain.locate("helm").path, toolchain.locate("kubectl").path
    renderers = _Renderers(
        Helm(helm, _NO_CLUSTER) if helm else None, Kubectl(kubectl, _NO_CLUSTER) if kubectl else None
    )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda pair: list(_of_stack(pair[0], pair[1], renderers)), _inputs(workspace))
    return [warning for warnings in found for warning in warnings]


def _inputs(workspace: Workspace) -> list[tuple[StackSpec, StackInput]]:
    own = [name for name in workspace.selected if not workspace.stacks[name].builtin]
    project = workspace.project
    digests = FileDigests()
    catalogue = Catalogue(workspace.versions, data_root(), hashing(digests), project.images, workspace.root)
    specs = [workspace.stacks[name].spec for name in own]
    used = {image for spec in specs for image in images_of(spec, licensed=is_licensed(spec, os.environ)).values()}
    images = {name: catalogue[name].own or catalogue[name].upstream or "" for name in used}
    facts = ProjectFacts.of(project, PREFERRED_HTTP, PREFERRED_HTTPS)
    return stack_inputs(workspace, own, facts, images, digests, environ=os.environ)


def _of_stack(spec: StackSpec, rendered: StackInput, renderers: _Renderers) -> Iterator[str]:
    for index, source in enumerate(spec.sources):
        path = rendered.sources[index]
        try:
            if source.chart and not source.chart.module and path and renderers.helm:
                name = source.chart.release or spec.name
                with complete(path) as chart:
                    text = renderers.helm.template(ChartRelease(name, spec.namespace, chart, rendered.values))
            elif source.kustomize and renderers.kubectl:
                text = kustomize.build(renderers.kubectl, Path(path), rendered.kustomize_images)
            else:
                continue
            documents = manifests.documents(text)
        except DevenvError as error:
            lines = error.context.get("last lines", "").splitlines()
            cause = [line for line in lines if line.lower().startswith("error")] or lines[-1:]
            yield f"stack {spec.name}: {': '.join([error.message, *cause[:1]])}"
            continue
        for item in documents:
            for container, problem in spec_problems(_pod_spec(item)):
                yield f"stack {spec.name}: {item['kind'].lower()} {item['metadata']['name']}/{container}: {problem}"


def _pod_spec(item: Mapping[str, Any]) -> dict[str, Any]:
    """The specification of the pods that an object makes; empty where it makes none."""
    spec = item.get("spec") or {}
    if item["kind"] == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    found: dict[str, Any] = spec if item["kind"] == "Pod" else (spec.get("template") or {}).get("spec") or {}
    return found if isinstance(found, dict) else {}
