"""What a workload that is changed for a while says of itself: who has it, for what, and how it was before. Pure.

It is written with the change, in one request and in the name of whoever has applied the workload: who applies it anew
takes both away.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.managed_fields import FIELD_MANAGER, HELM_MANAGER, applied_by, mark
from devenv.adapters.kubernetes.objects import Borrower, annotation
from devenv.labels import ANNOTATION_BORROWED, LABEL_BORROWED


@dataclass(frozen=True, slots=True)
class BorrowRecord:
    """The way back."""

    process: str
    """Who has it (`devenv.adapters.process.identity`); empty while nobody has."""
    purpose: str
    """For what: `Borrower.purpose`."""
    manager: str
    """In whose name the workload was applied."""
    former: Json
    """What was applied."""
    mark: str
    """Of the workload before (`managed_fields.mark`)."""
    addresses: Mapping[str, int] = field(default_factory=dict)
    """Places in the cluster that ports of the machine lead to for as long: `cache.shop-apps:8000` to the port."""

    @classmethod
    def of(cls, workload: Json) -> BorrowRecord | None:
        """What a workload says; None of one that is as it was applied."""
        text = annotation(workload, ANNOTATION_BORROWED)
        return cls(**json.loads(text)) if text else None

    @classmethod
    def before(cls, workload: Json) -> BorrowRecord | None:
        """That of a workload which is to be changed, also where somebody has left it changed.

        None for one that neither Helm nor devenv has applied: nobody can give that back as it was.
        """
        if found := cls.of(workload):
            return found
        for manager in (HELM_MANAGER, FIELD_MANAGER):
            if former := applied_by(workload, manager):
                return cls("", "", manager, former, mark(workload))
        return None

    def changed(
        self,
        stack: str,
        borrower: Borrower,
        change: Callable[[Json], Json],
        addresses: Mapping[str, int] | None = None,
    ) -> Json:
        """What is to be applied.

        Args:
            stack: that the workload belongs to.
            borrower: who will have it.
            change: makes the other template of its former one.
            addresses: places in the cluster that its ports lead to meanwhile.
        """
        made = copy.deepcopy(self.former)
        record = replace(self, process=borrower.process, purpose=borrower.purpose, addresses=addresses or {})
        meta = made["metadata"]
        meta["labels"] = {**(meta.get("labels") or {}), LABEL_BORROWED: stack}
        meta["annotations"] = {**(meta.get("annotations") or {}), ANNOTATION_BORROWED: json.dumps(asdict(record))}
        if made["spec"].get("replicas", 1) > 1:
            # A request would come to any of them.
            made["spec"]["replicas"] = 1
        made["spec"]["template"] = change(made["spec"]["template"])
        return made


def as_applied(workload: Json) -> Json:
    """A workload with the template that it has while nobody has changed it: for whoever makes pods like its own."""
    record = BorrowRecord.of(workload)
    if record is None:
        return workload
    return {**workload, "spec": {**workload["spec"], "template": record.former["spec"]["template"]}}
