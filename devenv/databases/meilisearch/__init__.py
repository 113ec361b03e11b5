"""Meilisearch: resets and snapshots by swapping indexes."""

from __future__ import annotations

from devenv.databases.meilisearch.database import Meilisearch

__all__ = ["Meilisearch"]
