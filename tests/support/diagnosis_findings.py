"""What the diagnosis finds in a state of the cluster, as values: a stack `shop` of one release."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from devenv.runtime.diagnosis import GracePeriods, Scope
from devenv.runtime.diagnosis.findings import Finding
from devenv.runtime.diagnosis.rules import Rules, find
from devenv.runtime.diagnosis.scope import members
from support.cluster_objects import NAMESPACE, RELEASE, snapshot

SCOPE = Scope("shop", NAMESPACE, frozenset({RELEASE}))
GRACE = GracePeriods()


def findings(since: datetime | None = None, **kinds: Any) -> tuple[Finding, ...]:
    return find(members(snapshot(**kinds), SCOPE), Rules(GRACE, since))


def only(**kinds: Any) -> Finding:
    (finding,) = findings(**kinds)
    return finding
