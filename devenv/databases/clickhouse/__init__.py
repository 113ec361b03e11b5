"""ClickHouse: resets, snapshots and clones by parts that databases share on disk."""
