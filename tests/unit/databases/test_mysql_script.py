"""SQL files cut into statements."""

from __future__ import annotations

import pytest

from devenv.databases.mysql.script import Statement, statements
from devenv.databases.mysql.structure import Program


def cut(text: str) -> list[tuple[str, int]]:
    return [(statement.text, statement.line) for statement in statements(text)]


def test_statements_know_their_lines() -> None:
    assert cut("SELECT 1;\n\n-- a comment; of two parts\nSELECT\n  2;\nSELECT 3") == [
        ("SELECT 1", 1),
        ("SELECT\n  2", 4),
        ("SELECT 3", 6),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'a;b'",
        "SELECT 'it''s; fine'",
        r"SELECT 'a\';b'",
        'SELECT "a;""b"',
        "SELECT `a;b`",
        "SELECT 1 /* a;b */ + 1",
        "SELECT 1 -- a;b\n + 1",
        "SELECT 1 # a;b\n + 1",
        "SELECT 1 --2",
        "/*!40101 SET NAMES utf8mb4 */",
        "SELECT 'DELIMITER $$'",
        "SELECT\nDELIMITER\nFROM t",
    ],
)
def test_a_statement_that_looks_like_two(text: str) -> None:
    assert cut(f"{text};\nSELECT 2;") == [(text, 1), ("SELECT 2", text.count("\n") + 2)]


def test_delimiter_lines_are_obeyed() -> None:
    text = "DELIMITER $$\nCREATE PROCEDURE p()\nBEGIN\n  SELECT 1;\nEND$$\ndelimiter ;\nCALL p();"

    assert list(statements(text)) == [
        Statement("CREATE PROCEDURE p()\nBEGIN\n  SELECT 1;\nEND", 2),
        Statement("CALL p()", 7),
    ]


@pytest.mark.parametrize("text", ["", "\n", ";;\n;", "-- nothing\n", "/* nothing */;", "DELIMITER $$\n$$\n"])
def test_nothing_is_no_statement(text: str) -> None:
    assert cut(text) == []


@pytest.mark.parametrize(
    ("head", "begin"),
    [
        (
            "CREATE DEFINER=`a`@`%` TRIGGER t AFTER INSERT ON items FOR EACH ROW",
            "CREATE DEFINER=`a`@`%` TRIGGER `t` AFTER",
        ),
        ("CREATE TRIGGER shop.t BEFORE UPDATE\n ON `shop` . `items`\nFOR EACH ROW", "CREATE TRIGGER `t` BEFORE"),
        (
            "create trigger `t` /* ON a */ after delete -- ON b\n on items for each row",
            "create trigger `t` after delete -- ON b",
        ),
        ("CREATE OR REPLACE TRIGGER IF NOT EXISTS `t` AFTER INSERT ON`items`FOR EACH ROW", "CREATE OR REPLACE"),
    ],
)
def test_a_trigger_is_given_another_table(head: str, begin: str) -> None:
    body = " INSERT INTO changes SELECT ' ON items FOR EACH ROW' FROM items"
    text = Program("TRIGGER", "t", head + body, table="items").on("hidden").create
    assert text.startswith(begin)
    assert text.lower().removesuffix(body.lower()).split()[-4:] == ["`hidden`", "for", "each", "row"]
    assert text.endswith(body)
