"""What a workload under a debugger says of itself: whose debugger it is, and how it was before. Pure.

It is written with the debugger, in one request and in the name of whoever has applied the workload: who applies it anew
takes both away.
"""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.managed_fields import FIELD_MANAGER, HELM_MANAGER, applied_by, mark
from devenv.adapters.kubernetes.objects import annotation
from devenv.labels import ANNOTATION_DEBUG, LABEL_DEBUGGED
from devenv.runtime.debugging.pod_template import Debugging, debugged_template


@dataclass(frozen=True, slots=True)
class DebugRecord:
    """The way back."""

    process: str
    """Whose debugger it is (`devenv.adapters.process.identity`); empty where it is under none yet."""
    manager: str
    """In whose name the workload was applied."""
    former: Json
    """What was applied."""
    mark: str
    """Of the workload before (`managed_fields.mark`)."""

    @classmethod
    def of(cls, workload: Json) -> DebugRecord | None:
        """What a workload says; None of one that is under no debugger."""
        text = annotation(workload, ANNOTATION_DEBUG)
        return cls(**json.loads(text)) if text else None

    @classmethod
    def before(cls, workload: Json) -> DebugRecord | None:
        """That of a workload which is to be debugged, also where somebody's debugger was left in it.

        None for one that neither Helm nor devenv has applied: nobody can give that back as it was.
        """
        if found := cls.of(workload):
            return found
        for manager in (HELM_MANAGER, FIELD_MANAGER):
            if former := applied_by(workload, manager):
                return cls("", manager, former, mark(workload))
        return None

    def debugged(self, stack: str, debugging: Debugging, process: str) -> Json:
        """What is to be applied.

        Args:
            stack: that the workload belongs to.
            debugging: what is debugged, and how.
            process: whose debugger it will be.
        """
        made = copy.deepcopy(self.former)
        record = {**asdict(self), "process": process}
        meta = made["metadata"]
        meta["labels"] = {**(meta.get("labels") or {}), LABEL_DEBUGGED: stack}
        meta["annotations"] = {**(meta.get("annotations") or {}), ANNOTATION_DEBUG: json.dumps(record)}
        if made["spec"].get("replicas", 1) > 1:
            # A request would come to any of them.
            made["spec"]["replicas"] = 1
        made["spec"]["template"] = debugged_template(made["spec"]["template"], debugging)
        return made
