"""PostgreSQL: resets, snapshots and clones by the server's own template databases."""
