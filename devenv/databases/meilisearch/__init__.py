"""Meilisearch: resets and snapshots by swapping indexes."""
