"""What to do about a cause: a command that can be pasted. Pure."""

from __future__ import annotations

import shlex
from pathlib import Path

from devenv.runtime.diagnosis.findings import Cause

_LOOK = {
    "config": "get secrets,configmaps,externalsecrets",
    "volume-unbound": "get storageclasses,persistentvolumeclaims",
    "unschedulable": "describe nodes",
    "node-not-ready": "describe nodes",
    "rejected": "get resourcequotas,limitranges,events",
    "out-of-memory": "get limitranges,events",
}


def hint_for(cause: Cause, kubeconfig: Path) -> str:
    """A command that shows more; it works after a rollback too, since events outlive what they are about."""
    parts = cause.subject.partition(" ")[0].split("/")
    namespace, name = (parts[0], parts[-1]) if len(parts) > 2 else ("", parts[-1])  # noqa: PLR2004 (see Cause)
    kubectl = f"kubectl --kubeconfig {shlex.quote(str(kubeconfig))}"
    if namespace:
        kubectl += f" -n {namespace}"
    if cause.code in _LOOK:
        return f"{kubectl} {_LOOK[cause.code]}"
    return f"{kubectl} get events --field-selector involvedObject.name={name}"
