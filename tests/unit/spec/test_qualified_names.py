"""Places where SQL names the database that it runs in."""

from __future__ import annotations

import re
import time

import pytest

from devenv.spec.sql.qualified_names import Dialect, qualified_names

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
    "SELECT f(shop.a, shop.b), shop.c FROM shop JOIN s ON shop.id = s.id AND (shop.a, shop.b) = (1, 2)",
    "SELECT 1 FROM shop JOIN s USING (id) WHERE s.id IN (shop.a, shop.b) GROUP BY shop.a, shop.b",
    "INSERT INTO t SELECT * FROM shop ON DUPLICATE KEY UPDATE shop.a = 1, shop.b = 2",
    "SELECT 1 FROM shop JOIN s ON (shop.id = s.id), (SELECT 1 WHERE x = (shop.a)) AS t",
    "CREATE VIEW v AS SELECT 1 FROM shop JOIN s ON shop.id = s.id",
    "UPDATE shop, s SET s.a = REPLACE(shop.a, 'x', 'y'), shop.b = INSERT(shop.c, 1, 1, 'x')",
    "CREATE TRIGGER t AFTER INSERT ON s FOR EACH ROW UPDATE s JOIN shop ON shop.id = s.id SET s.a = NEW.shop",
    "SELECT a FROM t\nUSE INDEX (x)",
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
WITH_A_COLUMN_OF_THAT_NAME = [
    "REPLACE shop.users SET shop = 1",
    "REPLACE LOW_PRIORITY shop.users SET shop = 1",
    "INSERT shop.users SET shop = 1",
    "INSERT DELAYED shop.users SET shop = 1",
    "DELETE FROM users USING users, shop.b WHERE b.shop = shop",
    "DELETE users, shop.b FROM users JOIN b WHERE shop = 1",
    "UPDATE users, shop.b SET users.x = shop",
    "SELECT shop FROM users JOIN b ON users.id = b.id, shop.c",
    "SELECT shop FROM (SELECT shop, x FROM users) u, shop.c",
    "SELECT shop FROM users LEFT JOIN (b, shop.c) ON 1",
    "SELECT shop FROM users, ((b, shop.c))",
    "SELECT shop FROM users STRAIGHT_JOIN shop.c",
    "CREATE TRIGGER t AFTER INSERT ON shop.users FOR EACH ROW SET NEW.shop = 1, @x = shop",
    "CREATE UNIQUE INDEX i ON shop.users (shop)",
    "DROP INDEX shop ON shop.users",
    "GRANT SELECT (shop) ON shop.users TO someone",
    "LOCK TABLES users AS shop READ, shop.b WRITE",
    "TRUNCATE shop.users /* shop */; SELECT shop",
    "SELECT shop FROM shop /* as before */ . users",
]
USES = [
    "/*!40000 USE `shop`*/",
    "/*M!100100 USE shop */;",
    "USE`shop`",
    "DELIMITER //\nSELECT 1 //\nUSE shop //",
    "DELIMITER |\nSELECT 1 |\nUSE shop |",
    "/* a dump */ USE shop;",
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
    assert list(qualified_names(sql, "shop", "mysql")) == []


@pytest.mark.parametrize(("sql", "line", "text"), NAMINGS)
def test_a_statement_that_names_the_database_is_told_with_its_line(sql: str, line: int, text: str) -> None:
    assert [(found.line, found.text) for found in qualified_names(sql, "shop", "mysql")] == [(line, text)]


@pytest.mark.parametrize("sql", WITH_A_COLUMN_OF_THAT_NAME)
def test_where_tables_stand_it_is_the_database_though_a_column_has_its_name(sql: str) -> None:
    assert [re.sub(r"\W*\b(shop)\b.*", r"\1", found.text) for found in qualified_names(sql, "shop", "mysql")] == [
        "shop"
    ]


@pytest.mark.parametrize("sql", USES)
def test_every_way_to_use_another_database_is_told(sql: str) -> None:
    (found,) = qualified_names(sql, "shop", "mysql")
    assert found.text.replace("`", " ").split() == ["USE", "shop"]


@pytest.mark.parametrize(("sql", "text"), CLICKHOUSE)
def test_clickhouse_is_told_databases_in_more_ways(sql: str, text: str) -> None:
    assert [found.text for found in qualified_names(sql, "shop", "clickhouse")] == [text]


@pytest.mark.parametrize(
    "sql", ["SELECT 'shop', 'shop.x'", "INSERT INTO x VALUES ('shop')", "SELECT shop.id FROM shop"]
)
def test_a_text_alone_is_none_of_them(sql: str) -> None:
    assert list(qualified_names(sql, "shop", "clickhouse")) == []


@pytest.mark.parametrize("dialect", ["mysql", "clickhouse"])
def test_megabytes_of_rows_take_no_time_to_speak_of(dialect: Dialect) -> None:
    rows = "INSERT INTO users VALUES (1, 'from the shop; and there', 'x');\n" * 50_000
    began = time.monotonic()

    assert list(qualified_names(rows, "shop", dialect)) == []
    assert time.monotonic() - began < 10
