"""Files of variables: `.env` beside a Compose file, and what `env_file` names. Pure.

The format is that of https://github.com/compose-spec/compose-go/tree/main/dotenv. python-dotenv reads another one: it
knows no `${NAME:?error}` or `${NAME:+alternative}`, and passes over lines that are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from devenv.spec.imports.compose.file.interpolation import InterpolationError, Lookup, interpolate

_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?P<sign>[=:]?)[ \t]*")
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$$"}
"""After a backslash in double quotes; a dollar sign that is escaped stays one."""


@dataclass(frozen=True, slots=True)
class WrongLine:
    """A line that no variable can be read from."""

    line: int
    """1-based."""
    message: str


@dataclass(frozen=True, slots=True)
class Variables:
    """What a file holds."""

    values: dict[str, str | None]
    """None for a name alone, whose value is that of the environment."""
    wrong: tuple[WrongLine, ...] = ()


def read_variables(text: str, lookup: Lookup) -> Variables:
    """The variables of a file.

    Args:
        text: of the file.
        lookup: for variables in values, beside those above in the file, which go over it.
    """
    values: dict[str, str | None] = {}
    wrong: list[WrongLine] = []

    def known(name: str) -> str | None:
        return values[name] if values.get(name) is not None else lookup(name)

    for number, name, raw, quote in _entries(text, wrong):
        if raw is None or quote == "'":
            values[name] = raw
            continue
        try:
            values[name] = interpolate(raw, known)
        except InterpolationError as error:
            wrong.append(WrongLine(number, str(error)))
    return Variables(values, tuple(wrong))


def read_raw(text: str) -> Variables:
    """The variables of a file of `format: raw`: everything after the first `=` is the value."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    pairs = [line.partition("=") for line in lines]
    return Variables({name.strip(): value if sign else None for name, sign, value in pairs})


def _entries(text: str, wrong: list[WrongLine]) -> Iterator[tuple[int, str, str | None, str]]:
    """Line, name, value and quote of each variable."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines):
        number, line = at + 1, lines[at]
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.match(line)
        if found is None or (not found["sign"] and found.end() < len(_COMMENT.sub("", line).rstrip())):
            wrong.append(WrongLine(number, "NAME=value is expected"))
            continue
        if not found["sign"]:
            yield number, found["name"], None, ""
            continue
        rest = line[found.end() :]
        quote = rest[:1] if rest[:1] in ("'", '"') else ""
        if not quote:
            yield number, found["name"], _COMMENT.sub("", rest).rstrip(), ""
            continue
        whole, at = _to_the_quote(rest[1:], quote, lines, at)
        if whole is None:
            wrong.append(WrongLine(number, "a quote is not closed"))
            return
        yield number, found["name"], _unescaped(whole) if quote == '"' else whole, quote


def _to_the_quote(rest: str, quote: str, lines: list[str], at: int) -> tuple[str | None, int]:
    """The text up to the closing quote, perhaps of a later line, and the line after it."""
    text = rest
    while True:
        end = _end(text, quote)
        if end is not None:
            return text[:end], at
        if at >= len(lines):
            return None, at
        text += "\n" + lines[at]
        at += 1


def _end(text: str, quote: str) -> int | None:
    at = 0
    while at < len(text):
        if text[at] == "\\" and quote == '"':
            at += 2
            continue
        if text[at] == quote:
            return at
        at += 1
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text, flags=re.DOTALL)
