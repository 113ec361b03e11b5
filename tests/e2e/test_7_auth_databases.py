"""The two PostgreSQL servers of the authentication layer: each its own, with the chart that they share."""

from __future__ import annotations

import json

import psycopg
import pytest
from support.databases import address_of
from support.environment import Project
from support.postgres_server import fingerprint

pytestmark = pytest.mark.e2e


def test_auth_postgres_is_migrated_and_reset(environment: Project) -> None:
    address = address_of(environment, "auth-postgres")
    environment.devenv("reset-db", "auth-postgres", "--yes")
    migrated = fingerprint(address, "auth")
    assert {row[0] for row in migrated} >= {"public.users", "public.sessions"}
    with psycopg.connect(address.url) as connection:
        connection.execute("INSERT INTO users (identity_id, email) VALUES (gen_random_uuid(), 'somebody@example.org')")
    environment.devenv("reset-db", "auth-postgres", "--yes")
    assert fingerprint(address, "auth") == migrated
    rows = json.loads(environment.devenv("db", "status", "auth-postgres", "--json").stdout)
    assert [row["state"] for row in rows] == ["applied", "applied"]


def test_kratos_postgres_is_empty_and_returns_to_that(environment: Project) -> None:
    address = address_of(environment, "kratos-postgres")
    environment.devenv("reset-db", "kratos-postgres", "--yes")
    with psycopg.connect(address.url) as connection:
        connection.execute("CREATE TABLE identities (id uuid PRIMARY KEY)")
    environment.devenv("db", "snapshot", "migrated", "--database", "kratos-postgres")
    environment.devenv("reset-db", "kratos-postgres", "--yes")
    assert fingerprint(address, "kratos") == []
    environment.devenv("db", "restore", "migrated", "--database", "kratos-postgres", "--yes")
    assert "public.identities" in {row[0] for row in fingerprint(address, "kratos")}
    environment.devenv("db", "rm", "migrated")


def test_each_has_a_password_and_a_port_of_its_own(environment: Project) -> None:
    addresses = [address_of(environment, name) for name in ("postgres", "auth-postgres", "kratos-postgres")]
    assert len({address.password for address in addresses}) == 3
    assert len({address.port for address in addresses}) == 3
