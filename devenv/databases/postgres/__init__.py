"""PostgreSQL: resets, snapshots and clones by the server's own template databases."""

from __future__ import annotations

from devenv.databases.postgres.database import Postgres

__all__ = ["Postgres"]
