"""ClickHouse: resets, snapshots and clones by parts that databases share on disk."""

from __future__ import annotations

from devenv.databases.clickhouse.database import ClickHouse

__all__ = ["ClickHouse"]
