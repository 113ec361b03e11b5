"""What to do about a cause: a command that can be pasted. Pure."""

from __future__ import annotations

from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.runtime.diagnosis.findings import Cause

_LOOK = {
    "config": ("get", "secrets,configmaps,externalsecrets"),
    "volume-unbound": ("get", "storageclasses,persistentvolumeclaims"),
    "unschedulable": ("describe", "nodes"),
    "node-not-ready": ("describe", "nodes"),
    "rejected": ("get", "resourcequotas,limitranges,events"),
    "out-of-memory": ("get", "limitranges,events"),
}


def hint_for(cause: Cause, kubectl: Kubectl) -> str:
    """A command that shows more; it works after a rollback too, since events outlive what they are about."""
    parts = cause.subject.partition(" ")[0].split("/")
    namespace, name = (parts[0], parts[-1]) if len(parts) > 2 else ("", parts[-1])  # noqa: PLR2004 (see Cause)
    where = ("--namespace", namespace) if namespace else ()
    events = ("get", "events", "--field-selector", f"involvedObject.name={name}")
    return kubectl.pasted(*where, *_LOOK.get(cause.code, events))
