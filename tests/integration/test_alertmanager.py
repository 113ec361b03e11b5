"""What is read of Alertmanager's answers, and of those of something else, over HTTP."""

from __future__ import annotations

import json
import socket
import time

import pytest
from support.http_server import Server

from devenv.adapters.alertmanager import firing_alerts
from devenv.errors import ClusterError
from devenv.ui.alerts_view import alerts_as_json, print_alerts
from devenv.workflows.alerts import alerts_at, count_alerts
from devenv.workflows.run.links import Link

QUESTION = "/api/v2/alerts?active=true&silenced=false&inhibited=false"
HOST = "alertmanager.shop.localhost"


def alert(name: str, severity: str, since: str) -> dict[str, object]:
    """An alert as the API sends it, with what is not read as well."""
    return {
        "labels": {"alertname": name, "severity": severity, "namespace": "shop"},
        "annotations": {"summary": f"{name} is wrong", "runbook": "`devenv up`"},
        "startsAt": since,
        "fingerprint": "f00",
        "receivers": [{"name": "default"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    }


ALERTS = [
    alert("Late", "warning", "2026-11-29T11:00:00.000Z"),
    alert("Early", "warning", "2026-11-29T10:00:00.000Z"),
    alert("Worst", "critical", "2026-11-29T12:00:00.000Z"),
    alert("Odd", "of-its-own", "2026-11-29T09:00:00.000Z"),
]


def links(server: Server) -> list[Link]:
    """Its endpoint among others."""
    port = server.url.rpartition(":")[2]
    return [Link("api", "web", "http://web/"), Link("alertmanager", "monitoring", f"http://{HOST}:{port}/")]


def test_alerts_come_worst_first_then_oldest(capsys: pytest.CaptureFixture[str]) -> None:
    with Server() as server:
        server.serve(QUESTION, json.dumps(ALERTS).encode())
        found = alerts_at(links(server), timeout=5)
        assert count_alerts(links(server)) == 4
    assert found is not None
    assert [each.name for each in found] == ["Worst", "Early", "Late", "Odd"]
    assert json.loads(alerts_as_json(found))[0] == {
        "name": "Worst",
        "severity": "critical",
        "since": "2026-11-29T12:00:00+00:00",
        "summary": "Worst is wrong",
        "description": "",
        "runbook": "`devenv up`",
        "labels": {"alertname": "Worst", "severity": "critical", "namespace": "shop"},
    }
    print_alerts(found)
    printed = capsys.readouterr().out
    assert "Early: `devenv up`" in printed
    print_alerts(())
    assert capsys.readouterr().out == "no alert fires\n"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'[{"labels": 1}]'])
def test_what_is_no_alertmanager_is_named(body: bytes) -> None:
    with Server() as server:
        server.serve(QUESTION, body)
        with pytest.raises(ClusterError, match="Alertmanager does not answer"):
            alerts_at(links(server), timeout=5)
        assert count_alerts(links(server)) is None


def test_an_alertmanager_that_is_silent_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        assert count_alerts([Link("alertmanager", "monitoring", f"http://{HOST}:{port}/")]) is None
        assert time.monotonic() - began < 2
    with pytest.raises(ClusterError):
        firing_alerts(HOST, port, timeout=1)


def test_without_an_endpoint_nobody_is_asked() -> None:
    assert alerts_at([Link("api", "web", "http://web/")], timeout=1) is None
    assert count_alerts([]) is None
