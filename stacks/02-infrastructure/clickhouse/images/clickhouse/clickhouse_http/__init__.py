"""ClickHouse's HTTP interface over chdb, the engine as a library."""
