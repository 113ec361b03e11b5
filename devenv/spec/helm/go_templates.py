"""Go templates as Skaffold and `set` take them: variables, pipes, functions and conditions in a text.

Written by hand: the language is Go's `text/template` with functions of Sprig, and no library for Python knows it. Of
the functions those are known that texts are made with; what asks the time, the network or the machine is not. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devenv.spec.helm.template_functions import FUNCTIONS, is_true, shown
from devenv.spec.read.wording import name_hint

_ACTION = re.compile(
    r"\{\{(?P<left>- )?(?P<inner>(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\"`])*?)(?P<right> -)?\}\}", re.DOTALL
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<number>-?[0-9]+(?:\.[0-9]+)?)"""
    r"""|(?P<field>\.(?:[A-Za-z_]\w*)?)|(?P<word>[A-Za-z_]\w*)|(?P<mark>[()|]))""",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
Variables = Mapping[str, str]


class TemplateError(ValueError):
    """A template that cannot be read, or not be made into a text."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


@dataclass(frozen=True, slots=True)
class _Print:
    pipe: tuple[_Token, ...]


@dataclass(frozen=True, slots=True)
class _If:
    branches: tuple[tuple[tuple[_Token, ...], tuple[_Part, ...]], ...]
    """Condition and what is there where it holds; no condition for `else`."""


_Part = _Text | _Print | _If


def is_template(text: str) -> bool:
    """Whether there is anything in it to be replaced."""
    return "{{" in text


def render(text: str, variables: Variables) -> str:
    """The text that a template makes of variables; those that are not there are empty.

    Raises:
        TemplateError: it is no template, or a function refuses what it is given.
    """
    return _rendered(_parse(text), variables) if is_template(text) else text


def names(text: str) -> tuple[str, ...]:
    """The variables that a template names, each once.

    Raises:
        TemplateError: it is no template.
    """
    found = [token.text[1:] for token in _all_tokens(_parse(text)) if token.kind == "field" and token.text != "."]
    return tuple(dict.fromkeys(found))


def rewritten(text: str, instead: Callable[[str], str | None]) -> str:
    """The template with variables replaced by what `instead` says: `.OTHER`, a text in quotes, or None."""

    def action(found: re.Match[str]) -> str:
        def variable(token: re.Match[str]) -> str:
            field = token["field"]
            new = instead(field[1:]) if field and field != "." else None
            return token[0] if new is None else token[0].replace(field, new)

        return found[0].replace(found["inner"], _TOKEN.sub(variable, found["inner"]), 1)

    return _ACTION.sub(action, text)


def quoted(text: str) -> str:
    """A text as a template's literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def literal(text: str) -> str:
    """A template that makes this text, whatever is in it."""
    return "".join('{{"{{"}}' if part == "{{" else part for part in re.split(r"(\{\{)", text))


def _parse(text: str) -> tuple[_Part, ...]:
    pieces = list(_pieces(text))
    parts, rest = _block(pieces, 0)
    if rest < len(pieces):
        raise TemplateError(f"{{{{{_shown(pieces[rest])}}}}} without an if before it")
    return parts


def _pieces(text: str) -> Iterator[_Text | tuple[_Token, ...]]:
    """Texts and actions in their order, white space cut away where an action asks for it."""
    place, cut = 0, False
    for found in _ACTION.finditer(text):
        before = text[place : found.start()]
        before = before.lstrip() if cut else before
        yield _Text(before.rstrip() if found["left"] else before)
        if not found["inner"].strip().startswith("/*"):
            yield tuple(_tokens(found["inner"]))
        place, cut = found.end(), bool(found["right"])
    rest = text[place:]
    if "{{" in rest:
        raise TemplateError("{{ is not closed by }}")
    yield _Text(rest.lstrip() if cut else rest)


def _tokens(inner: str) -> Iterator[_Token]:
    place = 0
    while inner[place:].strip():
        found = _TOKEN.match(inner, place)
        if found is None:
            raise TemplateError(f"this is not understood: {inner[place:].strip()[:40]}")
        kind = found.lastgroup or ""
        yield _Token(kind, found[kind])
        place = found.end()


def _block(pieces: Sequence[_Text | tuple[_Token, ...]], place: int) -> tuple[tuple[_Part, ...], int]:
    """The parts up to the `else` or `end` that is not theirs, and where that is."""
    parts: list[_Part] = []
    while place < len(pieces):
        piece = pieces[place]
        word = "" if isinstance(piece, _Text) or not piece else piece[0].text
        if word in ("else", "end"):
            break
        place += 1
        if isinstance(piece, _Text):
            parts.append(piece)
        elif word == "if":
            conditional, place = _conditional(pieces, place, piece[1:])
            parts.append(conditional)
        elif word in ("range", "with", "define", "template", "block"):
            raise TemplateError(f"{word} is not known here: only if, else and end are")
        elif piece:
            parts.append(_Print(piece))
    return tuple(parts), place


def _conditional(
    pieces: Sequence[_Text | tuple[_Token, ...]], place: int, condition: tuple[_Token, ...]
) -> tuple[_If, int]:
    branches = []
    while True:
        parts, place = _block(pieces, place)
        branches.append((condition, parts))
        if place >= len(pieces):
            raise TemplateError("an if has no end")
        piece = pieces[place]
        tokens = () if isinstance(piece, _Text) else piece
        place += 1
        if tokens[0].text == "end":
            return _If(tuple(branches)), place
        condition = tokens[2:] if len(tokens) > 1 and tokens[1].text == "if" else ()


def _rendered(parts: Sequence[_Part], variables: Variables) -> str:
    made = ""
    for part in parts:
        match part:
            case _Text(text):
                made += text
            case _Print(pipe):
                made += shown(_Pipe(pipe, variables).value())
            case _If(branches):
                chosen = (inner for condition, inner in branches if not condition or _holds(condition, variables))
                made += _rendered(next(chosen, ()), variables)
    return made


def _holds(condition: tuple[_Token, ...], variables: Variables) -> bool:
    return is_true(_Pipe(condition, variables).value())


class _Pipe:
    """One pipeline being evaluated: `printf "%s" .A | default "b"`."""

    def __init__(self, tokens: Sequence[_Token], variables: Variables) -> None:
        self._tokens, self._place, self._variables = tokens, 0, variables

    def value(self) -> Any:
        made = self._pipeline()
        if self._place < len(self._tokens):
            raise TemplateError(f"{self._tokens[self._place].text} is not expected here")
        return made

    def _peek(self) -> _Token | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _pipeline(self) -> Any:
        made = self._command(())
        while (token := self._peek()) and token.text == "|" and token.kind == "mark":
            self._place += 1
            made = self._command((made,))
        return made

    def _command(self, piped: tuple[Any, ...]) -> Any:
        """A function with what it is given, or a value; what comes through the pipe is given last."""
        first = self._peek()
        if first and first.kind == "word" and first.text not in ("true", "false", "nil"):
            self._place += 1
            given = []
            while (token := self._peek()) and not (token.kind == "mark" and token.text in ")|"):
                given.append(self._operand())
            return _call(first.text, (*given, *piped))
        if piped:
            raise TemplateError("a pipe leads into a value, where a function is expected")
        return self._operand()

    def _operand(self) -> Any:
        token = self._peek()
        if token is None:
            raise TemplateError("a value is missing")
        self._place += 1
        match token.kind:
            case "text":
                return _unquoted(token.text)
            case "number":
                return float(token.text) if "." in token.text else int(token.text)
            case "field":
                return self._variables.get(token.text[1:], "")
            case "word":
                return (
                    {"true": True, "false": False, "nil": None}[token.text]
                    if token.text in _WORDS
                    else _call(token.text, ())
                )
            case _:
                return self._in_parentheses(token)

    def _in_parentheses(self, token: _Token) -> Any:
        if token.text != "(":
            raise TemplateError(f"{token.text} is not expected here")
        made = self._pipeline()
        closing = self._peek()
        if closing is None or closing.text != ")":
            raise TemplateError("( is not closed")
        self._place += 1
        return made


_OF_THE_MACHINE = ("cmd", "env", "expandenv", "now", "date", "getHostByName", "randAlphaNum", "uuidv4")
_WORDS = ("true", "false", "nil")


def _call(name: str, given: tuple[Any, ...]) -> Any:
    function = FUNCTIONS.get(name)
    if name in _OF_THE_MACHINE:
        raise TemplateError(f"{name} is not known here: what a template makes does not depend on the moment or machine")
    if function is None:
        raise TemplateError(f"there is no function {name}: {name_hint(name, FUNCTIONS, 'functions')}")
    try:
        return function(*given)
    except (TypeError, ValueError, IndexError, re.error) as error:
        raise TemplateError(f"{name} cannot be used so: {error}") from error


def _unquoted(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1], flags=re.DOTALL)


def _all_tokens(parts: Sequence[_Part]) -> Iterator[_Token]:
    for part in parts:
        if isinstance(part, _Print):
            yield from part.pipe
        elif isinstance(part, _If):
            for condition, inner in part.branches:
                yield from condition
                yield from _all_tokens(inner)


def _shown(piece: _Text | tuple[_Token, ...]) -> str:
    return piece.text if isinstance(piece, _Text) else " ".join(token.text for token in piece)
