"""Readiness that watches, and fails at once on the root cause.

`scope` says what belongs to a stack, `rules` (with `pods` and `objects`) what is wrong with it, `findings`
when that is final, `watch` does it live. All but `watch` is pure.
"""

from devenv.runtime.diagnosis.findings import GracePeriods
from devenv.runtime.diagnosis.rules import stuck_pods
from devenv.runtime.diagnosis.scope import Scope
from devenv.runtime.diagnosis.watch import (
    GATHER,
    QUICK_GATHER,
    Diagnosis,
    Observer,
    diagnose_now,
    not_ready,
    progress,
    watch_stack,
)

__all__ = [
    "GATHER",
    "QUICK_GATHER",
    "Diagnosis",
    "GracePeriods",
    "Observer",
    "Scope",
    "diagnose_now",
    "not_ready",
    "progress",
    "stuck_pods",
    "watch_stack",
]
