"""Secrets that are missing because External Secrets or cert-manager has not brought them yet. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from devenv.adapters.kubernetes.json_objects import Json
from devenv.runtime.diagnosis import wording
from devenv.runtime.diagnosis.findings import Finding

_MISSING = re.compile(r'secret "(?P<name>[^"]+)" not found')


def missing_secret(finding: Finding) -> str:
    """The name of the Secret that a pod waits for; empty where it waits for none."""
    match = _MISSING.search(finding.cause.message)
    return match["name"] if match else ""


def with_patience(
    findings: Iterable[Finding], coming: Collection[str], events: Collection[Json], grace: float
) -> Iterator[Finding]:
    """The same findings; those about Secrets that are coming have more grace, in seconds, until an event tells why not.

    Args:
        findings: all of a stack's.
        coming: names of the Secrets that external secrets and Certificates are to bring.
        events: the stack's, those of external secrets among them.
        grace: how long a Secret may be on its way.
    """
    for finding in findings:
        said = any(
            wording.concerns(event, finding.cause.message) and event.get("type") == "Warning" for event in events
        )
        if missing_secret(finding) in coming and not said:
            yield replace(finding, grace=max(finding.grace, grace))
        else:
            yield finding
