"""Redis' seed files: the quoting of redis-cli."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.databases.redis.commands import QuotingError, commands, words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("SET greeting hello", (b"SET", b"greeting", b"hello")),
        ('SET greeting "hello\\nworld"', (b"SET", b"greeting", b"hello\nworld")),
        (r'SET bytes "\x00\xff\\\""', (b"SET", b"bytes", b'\x00\xff\\"')),
        (r"SET name 'it\'s \n as it stands'", (b"SET", b"name", rb"it's \n as it stands")),
        ('  HSET  a\tb  "" ', (b"HSET", b"a", b"b", b"")),
        (r'SET x "\q\xzz"', (b"SET", b"x", b"qxzz")),
        ("SET city Zürich", (b"SET", b"city", "Zürich".encode())),
    ],
)
def test_words_are_quoted_as_in_redis_cli(line: str, expected: tuple[bytes, ...]) -> None:
    assert words(line) == expected


@pytest.mark.parametrize("line", ['SET a "b', "SET a 'b", 'SET a "b"c', "SET a 'b'\"c\""])
def test_quotes_that_do_not_close_at_the_end_of_a_word_are_refused(line: str) -> None:
    with pytest.raises(QuotingError):
        words(line)


def test_comments_and_empty_lines_are_no_commands() -> None:
    found = list(commands("# a comment\n\nSET a 1\n  # another\nDEL a\n"))
    assert [(command.line, command.name) for command in found] == [(3, "set"), (5, "del")]


def test_a_wrong_line_is_told_by_its_number() -> None:
    with pytest.raises(QuotingError) as caught:
        list(commands('SET a 1\nSET b "\n'))
    assert caught.value.args[1] == 2


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5))
def test_whatever_is_written_in_hexadecimal_is_read_back(values: list[bytes]) -> None:
    line = " ".join('"' + "".join(f"\\x{byte:02x}" for byte in value) + '"' for value in values)
    assert words(line) == tuple(values)


def test_only_what_redis_cli_takes_for_a_blank_divides_words() -> None:
    text = "SET a\u00a0b c\u2028d\r\n\u0085\n\tGET\vx\f"
    found = [(command.line, command.words) for command in commands(text)]
    assert found == [
        (1, (b"SET", "a\u00a0b".encode(), "c\u2028d".encode())),
        (2, ("\u0085".encode(),)),
        (3, (b"GET", b"x")),
    ]
