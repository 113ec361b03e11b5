"""Alertmanager through its API: which alerts fire.

Responsible for the question and for reading the answer; whether there is an Alertmanager is its callers' concern.
The API: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from devenv.adapters.through_traefik import ask, unanswered

_ACTIVE = {"active": "true", "silenced": "false", "inhibited": "false"}
_RANKS = ("critical", "error", "warning", "info")
"""Severities, worst first; others come last."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that fires."""

    name: str
    severity: str
    """As its rule says; empty where it says none."""
    since: datetime
    summary: str
    description: str
    runbook: str
    """What to do, in the words of its rule; empty where it has none."""
    labels: Mapping[str, str]

    @property
    def order(self) -> tuple[int, datetime, str]:
        """Worst first, then oldest."""
        rank = _RANKS.index(self.severity) if self.severity in _RANKS else len(_RANKS)
        return rank, self.since, self.name


class _Wire(BaseModel):
    """What is read of an alert."""

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: datetime  # noqa: N815 -- the API's name


_ANSWER = TypeAdapter(list[_Wire])


def firing_alerts(host: str, port: int, *, timeout: float) -> tuple[Alert, ...]:
    """The alerts that fire and are neither silenced nor inhibited, worst first.

    Args:
        host: the name by which Traefik knows Alertmanager.
        port: Traefik's, on this machine.
        timeout: seconds for the whole question.

    Raises:
        ClusterError: it does not answer in time, or something else does.
    """
    url = f"http://{host}:{port}/api/v2/alerts"
    answer = ask("Alertmanager", url, timeout=timeout, query=_ACTIVE)
    try:
        found = _ANSWER.validate_json(answer)
    except ValidationError as error:
        raise unanswered("Alertmanager", url, str(error)) from error
    return tuple(sorted(map(_alert, found), key=lambda alert: alert.order))


def _alert(wire: _Wire) -> Alert:
    texts: Mapping[str, Any] = wire.annotations
    return Alert(
        wire.labels.get("alertname", ""),
        wire.labels.get("severity", ""),
        wire.startsAt,
        str(texts.get("summary", "")),
        str(texts.get("description", "")),
        str(texts.get("runbook") or texts.get("runbook_url") or ""),
        wire.labels,
    )
