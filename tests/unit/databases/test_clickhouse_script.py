"""ClickHouse scripts taken apart; the copy in the image's folder is the same file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devenv.databases.clickhouse import script
from devenv.databases.clickhouse.script import statements

IMAGE = Path(__file__).parents[3] / "stacks/02-infrastructure/clickhouse/images/clickhouse/clickhouse_http"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", [("SELECT 1", 1)]),
        ("SELECT 1;\n\nSELECT 2;\n", [("SELECT 1", 1), ("SELECT 2", 3)]),
        ("-- a; b\nSELECT 1 /* ; /* ; */ ; */ + 2; # no\n", [("SELECT 1 /* ; /* ; */ ; */ + 2", 2)]),
        (r"SELECT ';', 'it\'s;', 'it''s;'; SELECT 2", [(r"SELECT ';', 'it\'s;', 'it''s;'", 1), ("SELECT 2", 1)]),
        ('SELECT `a;b`, "c;d"', [('SELECT `a;b`, "c;d"', 1)]),
        ("SELECT $x$ ; ' $x$; SELECT 2", [("SELECT $x$ ; ' $x$", 1), ("SELECT 2", 1)]),
        ("SELECT 'ü;é'; SELECT '日本'", [("SELECT 'ü;é'", 1), ("SELECT '日本'", 1)]),
        ("// it's; here\nSELECT 1; #! no; no\nSELECT 2", [("SELECT 1", 2), ("SELECT 2", 3)]),
        ("SELECT 6 / 2; SELECT 1 #no", [("SELECT 6 / 2", 1), ("SELECT 1 #no", 1)]),
        ("SELECT a$b; SELECT c$b", [("SELECT a$b", 1), ("SELECT c$b", 1)]),
        ("SELECT $a b$ ; $a b$; SELECT 2", [("SELECT $a b$ ; $a b$", 1), ("SELECT 2", 1)]),
        (" ;; \n-- only a comment", []),
        ("", []),
    ],
)
def test_statements_end_at_semicolons_that_are_no_part_of_something(text: str, expected: list[tuple[str, int]]) -> None:
    assert [(found.text, found.line) for found in statements(text)] == expected


@settings(deadline=None)
@given(st.lists(st.sampled_from(["SELECT 1", "'a;b'", "/* ; */", "-- x\n", ";", "\n", "`", "'", "$$", "(", "ü"])))
def test_no_script_breaks_it_and_every_line_is_right(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for found in statements(text):
        assert found.text.strip() == found.text
        assert found.text.split("\n")[0] in text.split("\n")[found.line - 1]


def test_the_image_has_the_same_reader_of_scripts() -> None:
    assert (IMAGE / "script.py").read_text() == Path(script.__file__).read_text()
