"""Seed files for Redis: one command per line, quoted as `redis-cli` quotes; `#` begins a comment line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "a": b"\a"}
_HEX_DIGITS = 2
_BLANKS = " \t\r\n\f\v"
"""As C's isspace, by which `redis-cli` divides words: a no-break space is part of one."""


class QuotingError(ValueError):
    """A line whose quotes do not close, or close in the middle of a word."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a seed file."""

    line: int
    """1-based."""
    text: str
    words: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """In lower case: `hset`."""
        return self.words[0].decode(errors="replace").lower()


def commands(text: str) -> Iterator[Command]:
    """The commands of a file; raises QuotingError, with the line's number as its second argument."""
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip(_BLANKS)
        if not stripped or stripped.startswith("#"):
            continue
        try:
            found = words(stripped)
        except QuotingError as error:
            raise QuotingError(str(error), number) from error
        yield Command(number, stripped, found)


def words(line: str) -> tuple[bytes, ...]:
    r"""The words of a line, with the quoting of `redis-cli`.

    Double quotes know `\n`, `\r`, `\t`, `\b`, `\a`, `\xHH`, and a backslash before any other character; single
    quotes know `\'` alone.

    Raises:
        QuotingError: a quote does not close, or closes before the word ends.
    """
    found: list[bytes] = []
    at = 0
    while at < len(line):
        if line[at] in _BLANKS:
            at += 1
            continue
        word, at = _word(line, at)
        found.append(word)
    return tuple(found)


def _word(line: str, at: int) -> tuple[bytes, int]:
    word = bytearray()
    while at < len(line) and line[at] not in _BLANKS:
        if line[at] in "\"'":
            part, at = _quoted(line, at)
            word += part
            if at < len(line) and line[at] not in _BLANKS:
                raise QuotingError("a closing quote must end the word")
        else:
            word += line[at].encode()
            at += 1
    return bytes(word), at


def _quoted(line: str, at: int) -> tuple[bytes, int]:
    """The content of a quoted part that starts at `at`, and where it ends."""
    quote = line[at]
    at += 1
    part = bytearray()
    while at < len(line):
        if line[at] == quote:
            return bytes(part), at + 1
        if line[at] == "\\" and at + 1 < len(line) and (quote == '"' or line[at + 1] == "'"):
            character, at = _escaped(line, at + 1) if quote == '"' else (b"'", at + 2)
            part += character
        else:
            part += line[at].encode()
            at += 1
    raise QuotingError(f"the quote {quote} does not close")


def _escaped(line: str, at: int) -> tuple[bytes, int]:
    """The character that an escape stands for, whose letter is at `at`, and where it ends."""
    digits = line[at + 1 : at + 1 + _HEX_DIGITS]
    if line[at] == "x" and len(digits) == _HEX_DIGITS and all(d in "0123456789abcdefABCDEF" for d in digits):
        return bytes.fromhex(digits), at + 1 + _HEX_DIGITS
    return _ESCAPES.get(line[at], line[at].encode()), at + 1
