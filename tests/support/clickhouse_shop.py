"""A small schema with every kind of object that ClickHouse has, as the chart's Job would migrate it."""

from __future__ import annotations

ITEMS = """
CREATE TABLE items (id UInt64, name String, INDEX names name TYPE bloom_filter) ENGINE = MergeTree
PARTITION BY id % 2 ORDER BY id;
CREATE TABLE `odd "name"; \\`x` (`a b` UInt8 DEFAULT 7) ENGINE = MergeTree ORDER BY tuple();
CREATE TABLE totals (name String, items UInt64) ENGINE = SummingMergeTree ORDER BY name;
INSERT INTO items VALUES (1, 'first');
"""
VIEWS = """
CREATE MATERIALIZED VIEW to_totals TO totals AS SELECT name, count() AS items FROM items GROUP BY name;
CREATE MATERIALIZED VIEW own_rows ENGINE = SummingMergeTree ORDER BY name AS
SELECT name, count() AS items FROM items GROUP BY name;
CREATE VIEW shown AS SELECT id, name FROM items; CREATE VIEW above AS SELECT count() AS n FROM shown;
CREATE DICTIONARY names (id UInt64, name String) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'items')) LAYOUT(FLAT())
LIFETIME(0);
CREATE TABLE named (id UInt64, name String DEFAULT dictGet('names', 'name', id)) ENGINE = MergeTree ORDER BY id;
CREATE TABLE log (n UInt8) ENGINE = Log;
CREATE TABLE kept (n UInt8) ENGINE = Memory;
CREATE TABLE pairs (k String, v String) ENGINE = EmbeddedRocksDB PRIMARY KEY k;
CREATE TABLE all_items AS items ENGINE = Merge(currentDatabase(), '^items$');
"""
SEED = """
INSERT INTO items VALUES (2, 'seeded; not a statement'), (3, 'it''s');
INSERT INTO log VALUES (1);
INSERT INTO kept VALUES (2);
INSERT INTO pairs VALUES ('a', 'b');
INSERT INTO `odd "name"; \\`x` VALUES (1);
"""
SPOIL = (
    "INSERT INTO items VALUES (9, 'nine')",
    "ALTER TABLE items ADD COLUMN extra UInt8",
    "TRUNCATE TABLE totals",
    "DROP TABLE own_rows",
    "DROP VIEW above",
    "DROP VIEW shown",
    "CREATE VIEW shown AS SELECT 1 AS other",
    "INSERT INTO log VALUES (9)",
    "INSERT INTO kept VALUES (9)",
    "INSERT INTO pairs VALUES ('a', 'changed')",
    "INSERT INTO named (id) VALUES (1)",
    "CREATE TABLE unwanted (n UInt8) ENGINE = MergeTree ORDER BY n",
)
