"""Places where SQL names the database that it runs in."""

from __future__ import annotations

import time

import pytest

from devenv.spec.qualified_names import Dialect, namings

COLUMNS_AND_TEXTS = [
    "SELECT shop.id FROM shop",
    "UPDATE shop SET shop.x = 1 WHERE shop.id = 2",
    "SELECT s.id FROM t AS shop JOIN s ON shop.id = s.id",
    "SELECT t.shop.x, o.shop FROM o",
    "CREATE TABLE shop (id INT); ALTER TABLE shop ADD x INT",
    "SELECT a FROM t USE INDEX (x); SELECT a FROM t USE KEY (x)",
    "SELECT 'shop.users', 'it''s shop.x', 'a\\'shop.x' -- shop.x\n# shop.x\n/* USE shop; shop.x */",
    "INSERT INTO t VALUES ('\nUSE shop')",
    "INSERT INTO t VALUES ('mail@shop.example.com')",
    "DROP TRIGGER IF EXISTS shopping; SELECT workshop.id FROM workshop",
]
NAMINGS = [
    ("USE shop", 1, "USE shop"),
    ("-- a dump\nuse `shop`;", 2, "use `shop`"),
    ("USE elsewhere;", 1, "USE elsewhere"),
    ("DELIMITER $$\nUSE shop $$", 2, "USE shop"),
    ("DELETE FROM `shop`.users WHERE 1", 1, "`shop`.users"),
    ("CREATE TABLE IF NOT EXISTS `shop`.`audit` (id INT)", 1, "`shop`.`audit`"),
    ("SELECT 1;\n\nALTER TABLE shop . users ADD y INT", 3, "shop . users"),
    ("INSERT INTO shop.shop SELECT shop.id FROM shop", 1, "shop.shop"),
    ("SELECT shop.t.x FROM t", 1, "shop.t"),
    ("SELECT shop.twice(1) FROM shop", 1, "shop.twice"),
    ("CREATE TRIGGER t AFTER INSERT ON shop.users FOR EACH ROW SET @a = 1", 1, "shop.users"),
    ("RENAME TABLE a TO shop.b", 1, "shop.b"),
    ("SELECT 1 FROM a, shop.b", 1, "shop.b"),
    ("INSERT IGNORE shop.x VALUES (1)", 1, "shop.x"),
    ("DROP DATABASE IF EXISTS shop", 1, "shop"),
    ("/*!40000 CREATE DATABASE `shop` */;", 1, "`shop`"),
    ("CREATE SCHEMA shop", 1, "shop"),
    ('SELECT 1 FROM "shop"."x"', 1, '"shop"."x"'),
]
CLICKHOUSE = [
    ('SELECT * FROM "shop".x', '"shop".x'),
    ("CREATE MATERIALIZED VIEW v TO shop.daily AS SELECT 1", "shop.daily"),
    ("CREATE TABLE x AS y ENGINE = Distributed('c', 'shop', 'events')", "'shop'"),
    ("CREATE TABLE x AS y ENGINE = Buffer(shop, events, 1)", "shop"),
    ("SELECT dictGetString('shop.names', 'x', 1)", "'shop.names'"),
    ("SELECT * FROM merge('shop', '^e')", "'shop'"),
    ("CREATE DICTIONARY d (i UInt64) SOURCE(CLICKHOUSE(DB 'shop' TABLE 'x'))", "'shop'"),
]


@pytest.mark.parametrize("sql", COLUMNS_AND_TEXTS)
def test_columns_aliases_texts_and_comments_name_no_database(sql: str) -> None:
    assert list(namings(sql, "shop", "mysql")) == []


@pytest.mark.parametrize(("sql", "line", "text"), NAMINGS)
def test_a_statement_that_names_the_database_is_told_with_its_line(sql: str, line: int, text: str) -> None:
    assert [(found.line, found.text) for found in namings(sql, "shop", "mysql")] == [(line, text)]


@pytest.mark.parametrize(("sql", "text"), CLICKHOUSE)
def test_clickhouse_is_told_databases_in_more_ways(sql: str, text: str) -> None:
    assert [found.text for found in namings(sql, "shop", "clickhouse")] == [text]


@pytest.mark.parametrize(
    "sql", ["SELECT 'shop', 'shop.x'", "INSERT INTO x VALUES ('shop')", "SELECT shop.id FROM shop"]
)
def test_a_text_alone_is_none_of_them(sql: str) -> None:
    assert list(namings(sql, "shop", "clickhouse")) == []


@pytest.mark.parametrize("dialect", ["mysql", "clickhouse"])
def test_megabytes_of_rows_take_no_time_to_speak_of(dialect: Dialect) -> None:
    rows = "INSERT INTO users VALUES (1, 'from the shop; and there', 'x');\n" * 50_000
    began = time.monotonic()

    assert list(namings(rows, "shop", dialect)) == []
    assert time.monotonic() - began < 10
