"""When an external secret has been read anew, and why it has not."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.adapters.kubernetes.external_secrets import _follower, _is_read_once, _keys, _searches, _unread


def external_secret(version: str = "1-a", *, ready: bool = True, **spec: Any) -> dict[str, Any]:
    state = {"type": "Ready", "status": str(ready), "reason": "SecretSynced" if ready else "SecretSyncedError"}
    return {
        "metadata": {"name": "web", "namespace": "shop", "generation": 1},
        "spec": spec,
        "status": {"syncedResourceVersion": version, "conditions": [{**state, "message": "said"}]},
    }


def test_one_has_been_read_when_the_operator_notes_another_version() -> None:
    assert _unread(external_secret("1-b"), external_secret("1-a")) == ""


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (external_secret(), "it has not been read yet; it is read again within 1h0m0s"),
        (external_secret(refreshInterval="5m"), "it has not been read yet; it is read again within 5m"),
        (
            external_secret(ready=False, refreshInterval="5m"),
            "Ready is False: SecretSyncedError said; it is read again within 5m",
        ),
        (external_secret(refreshPolicy="CreatedOnce"), "it is read only once, as it asks for"),
    ],
)
def test_why_one_has_not_been_read(now: dict[str, Any], reason: str) -> None:
    assert _unread(now, external_secret()) == reason


@pytest.mark.parametrize(
    ("spec", "once"),
    [
        ({}, False),
        ({"refreshInterval": "1h0m0s"}, False),
        ({"refreshInterval": "0"}, True),
        ({"refreshInterval": "0h0m0s"}, True),
        ({"refreshInterval": "0s", "refreshPolicy": "Periodic"}, True),
        ({"refreshInterval": "0s", "refreshPolicy": "OnChange"}, False),
        ({"refreshInterval": "1h", "refreshPolicy": "CreatedOnce"}, True),
    ],
)
def test_which_are_read_only_once(spec: dict[str, Any], *, once: bool) -> None:
    assert _is_read_once(external_secret(**spec)) is once


@pytest.mark.parametrize(
    ("spec", "keys", "searches"),
    [
        (
            {"data": [{"remoteRef": {"key": "db"}}, {"remoteRef": {"key": "api", "property": "p"}}]},
            {"db", "api"},
            False,
        ),
        ({"dataFrom": [{"extract": {"key": "db"}}]}, {"db"}, False),
        ({"dataFrom": [{"find": {"name": {"regexp": "^db"}}}]}, set(), True),
        ({"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password"}}}]}, set(), False),
        ({}, set(), False),
    ],
)
def test_which_of_the_sources_secrets_one_reads(spec: dict[str, Any], keys: set[str], *, searches: bool) -> None:
    item = external_secret(**spec)
    assert (_keys(item), _searches(item)) == (keys, searches)


def test_what_is_made_of_one_has_its_name_or_the_one_that_it_gives() -> None:
    assert _follower(external_secret()).key == "shop/web"
    assert _follower(external_secret(target={"name": "credentials"})).key == "shop/credentials"
