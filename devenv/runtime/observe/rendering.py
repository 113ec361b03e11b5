"""A source of a stack as manifests: what Helm or kubectl is about to apply.

Responsible for rendering alone; nothing is applied here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.adapters.charts import kustomize
from devenv.adapters.charts.charts import complete, copy_chart
from devenv.adapters.charts.helm import ChartRelease
from devenv.adapters.files.scratch import scratch
from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.managed_fields import FIELD_MANAGER, HELM_MANAGER
from devenv.plan.steps import ApplyManifests, InstallChart
from devenv.runtime.toolbox import Toolbox


def rendered(step: InstallChart | ApplyManifests, toolbox: Toolbox, cancel: threading.Event | None = None) -> str:
    """The manifests that a step is about to apply, hooks and a chart's definitions of kinds left out.

    Raises:
        CommandFailedError: Helm or kustomize refuses it.
        SpecError: there are no manifests.
    """
    if isinstance(step, ApplyManifests):
        path = origin(step.module, step.path, toolbox)
        if step.kustomize:
            return kustomize.build(toolbox.kubectl, path, step.images, cancel=cancel)
        return manifests.read(path, step.images)
    with chart_of(step, toolbox) as chart:
        return toolbox.helm.preview(release_of(step, chart), cancel=cancel)


def rendered_offline(step: InstallChart | ApplyManifests, toolbox: Toolbox, kubernetes: str) -> str:
    """The same without a cluster, for a version of Kubernetes; hooks and a chart's definitions of kinds as well.

    What templates would find in a cluster (`lookup`, kinds that others define) is not there.

    Raises:
        what `rendered` raises.
    """
    if isinstance(step, ApplyManifests):
        return rendered(step, toolbox)
    with chart_of(step, toolbox) as chart:
        return toolbox.helm.template(release_of(step, chart), kubernetes=kubernetes)


def release_of(step: InstallChart, chart: str) -> ChartRelease:
    """What a step installs, of its chart where that lies now."""
    return ChartRelease(step.release, step.namespace, chart, step.values, step.repository, step.version)


def manager_of(step: InstallChart | ApplyManifests) -> str:
    """The field manager in whose name a step applies."""
    return HELM_MANAGER if isinstance(step, InstallChart) else FIELD_MANAGER


@contextmanager
def chart_of(step: InstallChart, toolbox: Toolbox) -> Iterator[str]:
    """The chart as Helm takes it; one from a module is copied for as long as the body runs."""
    if not step.module:
        with complete(step.chart) as whole:
            yield whole
        return
    with scratch() as folder:
        source = origin(step.module, step.chart, toolbox)
        yield str(copy_chart(source, folder / step.release, step.drop_dependencies))


def origin(module: str | None, path: str, toolbox: Toolbox) -> Path:
    """Where a source's files are."""
    return toolbox.modules[module] / path if module else Path(path)
