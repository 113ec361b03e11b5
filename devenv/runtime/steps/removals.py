"""The step that removes a stack: its releases, what else was applied for it, and the claims that were agreed to.

Responsible for doing it so that it can be done again after a run that was killed: the record goes last.
"""

from __future__ import annotations

from devenv.adapters.kubernetes.discovery import object_path
from devenv.adapters.kubernetes.objects import object_key
from devenv.labels import LABEL_STACK
from devenv.plan.steps import UninstallStack
from devenv.runtime.step_context import StepContext

_CLAIMS = "api/v1/persistentvolumeclaims"
_JOBS = "apis/batch/v1/jobs"


def uninstall_stack(step: UninstallStack, context: StepContext) -> str:
    """Remove a stack; what was removed, in words."""
    cluster = context.environment.cluster
    paths = [object_path(path, key) for path, key in (*step.objects, *((_CLAIMS, key) for key in step.claims))]
    # First what asks a server of the stack about each change: without that it would let nothing be removed.
    webhooks = [path for path in paths if "webhookconfigurations/" in path]
    others = [path for path in paths if path not in webhooks]
    for path in webhooks:
        cluster.objects.remove(path)
    for release in step.releases:
        namespace, _, name = release.rpartition("/")
        context.progress(f"release {name}")
        context.run.toolbox.helm.uninstall(name, namespace, cancel=context.cancel, on_line=context.output)
    # Helm leaves the jobs of hooks; and jobs leave their pods, unless that is asked for otherwise.
    for job in cluster.objects.served(_JOBS, selector=f"{LABEL_STACK}={step.stack}", outlines=True):
        metadata = job["metadata"]
        cluster.objects.delete(object_path(_JOBS, object_key(metadata)), metadata["uid"], "Background")
    for path in others:
        cluster.objects.remove(path)
    cluster.forget(step.stack)
    counts = (("release", step.releases), ("object", step.objects), ("volume claim", step.claims))
    return ", ".join(f"{len(of)} {what}{'s' * (len(of) > 1)}" for what, of in counts if of) or "nothing was left of it"
