"""What a Dockerfile says of the program that it makes. Pure."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

_INSTRUCTION = re.compile(r"\s*(?P<word>[A-Za-z]+)\s+(?P<rest>.*)", re.DOTALL)
_HEREDOC = re.compile(r"<<-?\s*[\"']?(?P<end>[A-Za-z_]\w*)[\"']?")
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<bare>\w+))")
_PORT = re.compile(r"(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?(?:/(?P<protocol>\w+))?")
_NUMBER = re.compile(r"[0-9]{1,5}")
_ADDRESS = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(?P<port>\d{1,5}))?(?P<path>/[^\s\"'\]|;)&]*)"
)
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Port:
    """A port that an image says it listens on."""

    number: int
    line: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What the last stage of a Dockerfile says."""

    ports: tuple[Port, ...] = ()
    health: str = ""
    """The path that its health check asks."""
    health_port: int | None = None
    """The port that it asks."""
    volumes: tuple[str, ...] = ()
    bases: tuple[tuple[str, int], ...] = ()
    """Arguments without a value that stages begin with, each with its line."""
    copied: tuple[str, ...] = ()
    """Files and folders of the context, of all stages."""
    unknown: tuple[tuple[int, str], ...] = ()
    """Lines of which a part is not taken, each with what that is."""
    stages: int = 0


@dataclass(slots=True)
class _Stage:
    """What is read of a stage."""

    facts: Facts = field(default_factory=Facts)
    variables: dict[str, str] = field(default_factory=dict)


def read_dockerfile(text: str) -> Facts:
    """What it says; without stages for what is no Dockerfile."""
    stages: dict[str, _Stage] = {}
    arguments: dict[str, str] = {}
    stage: _Stage | None = None
    bases: dict[str, int] = {}
    copied: list[str] = []
    count = 0
    for line, word, rest in _instructions(text):
        if word == "FROM":
            base, alias = _from(rest)
            if (needed := _without_value(base, arguments)) and needed not in bases:
                bases[needed] = line
            former = stages.get(base.lower())
            stage = _Stage(former.facts, {**former.variables}) if former else _Stage()
            stages[alias.lower()] = stage
            count += 1
        elif stage is None:
            arguments |= _assigned(word, rest, {}, arguments)
        else:
            stage.variables |= _assigned(word, rest, stage.variables, arguments)
            stage.facts = _with(stage.facts, line, word, rest, stage.variables)
            copied += _copied(word, rest)
    last = _with_port(stage) if stage else Facts()
    return replace(last, bases=tuple(bases.items()), copied=tuple(dict.fromkeys(copied)), stages=count)


def _with_port(stage: _Stage) -> Facts:
    """A stage's facts; one that exposes nothing has the port of its health check, or that of PORT."""
    facts = stage.facts
    variable = stage.variables.get("PORT", "")
    said = facts.health_port or (int(variable) if _NUMBER.fullmatch(variable) else 0)
    if facts.ports or facts.unknown or not 0 < said <= _HIGHEST_PORT:
        return facts
    return replace(facts, ports=(Port(said, 1),))


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Each instruction with its line, on one line; what documents in it hold is passed over."""
    lines = list(enumerate(text.splitlines(), 1))
    while lines:
        first, line = lines.pop(0)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = [line]
        while parts[-1].rstrip().endswith("\\") and lines:
            parts[-1] = parts[-1].rstrip().removesuffix("\\")
            while lines and lines[0][1].lstrip().startswith("#"):
                lines.pop(0)
            if lines:
                parts.append(lines.pop(0)[1])
        whole = " ".join(parts)
        if match := _INSTRUCTION.fullmatch(whole):
            word = match["word"].upper()
            for document in _HEREDOC.finditer(whole) if word in ("RUN", "COPY", "ADD") else ():
                while lines and lines.pop(0)[1].strip() != document["end"]:
                    pass
            yield first, word, match["rest"].strip()


def _with(facts: Facts, line: int, word: str, rest: str, variables: Mapping[str, str]) -> Facts:
    """The facts with those of an instruction."""
    match word:
        case "EXPOSE":
            ports, unknown = _exposed(line, rest, variables)
            return replace(facts, ports=(*facts.ports, *ports), unknown=(*facts.unknown, *unknown))
        case "VOLUME":
            paths = tuple(path for path in _words(rest) if path.startswith("/"))
            return replace(facts, volumes=tuple(dict.fromkeys((*facts.volumes, *paths))))
        case "HEALTHCHECK":
            found = _ADDRESS.search(_filled(rest, variables))
            port = int(found["port"]) if found and found["port"] else None
            return replace(facts, health=found["path"] if found else "", health_port=port)
        case _:
            return facts


def _exposed(line: int, rest: str, variables: Mapping[str, str]) -> tuple[list[Port], list[tuple[int, str]]]:
    ports, unknown = list[Port](), list[tuple[int, str]]()
    for word in _words(_filled(rest, variables)):
        found = _PORT.fullmatch(word)
        protocol = (found["protocol"] or "tcp").lower() if found else ""
        numbers = range(int(found["first"]), int(found["last"] or found["first"]) + 1) if found else range(0)
        if not found or not numbers or numbers[0] < 1 or numbers[-1] > _HIGHEST_PORT:
            unknown.append((line, f"EXPOSE {word}: which port that is cannot be told"))
        elif protocol != "tcp":
            unknown.append((line, f"EXPOSE {word}: a service's ports are TCP"))
        elif len(numbers) > 1:
            unknown.append((line, f"EXPOSE {word}: a range of ports"))
        else:
            ports.append(Port(numbers[0], line))
    return ports, unknown


def _copied(word: str, rest: str) -> list[str]:
    """What an instruction takes out of the context."""
    if word not in ("COPY", "ADD") or "<<" in rest:
        return []
    words = _words(rest)
    if any(option.startswith("--from") for option in words):
        return []
    sources = [each for each in words if not each.startswith("--")][:-1]
    return [each for each in sources if "$" not in each and "://" not in each]


def _from(rest: str) -> tuple[str, str]:
    """The base of a stage, and its alias."""
    words = [word for word in rest.split() if not word.startswith("--")]
    alias = words[2] if len(words) > 2 and words[1].upper() == "AS" else ""  # noqa: PLR2004 -- BASE AS NAME
    return (words[0] if words else ""), alias


def _without_value(base: str, arguments: Mapping[str, str]) -> str:
    """The argument that a base is, where it has no value; empty for others."""
    found = _VARIABLE.fullmatch(base)
    if not found:
        return ""
    name: str = found["braced"] or found["bare"]
    return "" if found["default"] or arguments.get(name) else name


def _assigned(word: str, rest: str, known: Mapping[str, str], arguments: Mapping[str, str]) -> dict[str, str]:
    """Variables that an instruction gives a value."""
    if word not in ("ARG", "ENV"):
        return {}
    found: dict[str, str] = {}
    words = _words(rest)
    if word == "ENV" and len(words) == 2 and "=" not in words[0]:  # noqa: PLR2004 -- ENV NAME VALUE
        words = ["=".join(words)]
    for each in words:
        name, equals, value = each.partition("=")
        if equals:
            found[name] = _filled(value, {**known, **found})
        elif word == "ARG" and arguments.get(name):
            found[name] = arguments[name]
    return found


def _filled(text: str, variables: Mapping[str, str]) -> str:
    """The text with the values of variables; what has none stays as it is."""
    return _VARIABLE.sub(
        lambda found: variables.get(found["braced"] or found["bare"]) or found["default"] or found[0], text
    )


def _words(rest: str) -> list[str]:
    if rest.startswith("["):
        try:
            return [each for each in json.loads(rest) if isinstance(each, str)]
        except ValueError:
            return []
    try:
        return shlex.split(rest)
    except ValueError:
        return rest.split()
