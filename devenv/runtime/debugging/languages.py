"""Debuggers by language, and what a container runs under one. Pure.

All listen on the pod's own loopback: a port-forward reaches that, and nobody else in the cluster does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from devenv.errors import UsageError

Language = Literal["python", "go", "node"]
FOLDER = "/run/devenv/debug"
"""Where the debugger's files are in a container."""
_PYTHON = re.compile(r"(?:.*/)?python[0-9.]*")
_NODE = re.compile(r"(?:.*/)?node(?:js)?")
_SHELL = re.compile(r"(?:.*/)?(?:ba|da|a)?sh")
_PYTHON_PROGRAMS = frozenset(
    {"gunicorn", "uvicorn", "flask", "celery", "hypercorn", "daphne", "django-admin", "fastapi"}
)
"""Programs of Python's packages that are modules of the same name too."""
_NODE_PROGRAMS = frozenset({"npm", "npx", "yarn", "pnpm"})
"""Those start Node.js for somebody else, and would have the inspector themselves."""
_BEYOND_WORDS = re.compile(r"[;&|<>$`()*?\n]")
"""Of a shell's language."""


@dataclass(frozen=True, slots=True)
class Debugger:
    """What debugs programs of one language."""

    title: str
    port: int
    """Where it listens in the pod."""
    image: str = ""
    """That has its files, of the catalogue; empty where the language's own program is the debugger."""


DEBUGGERS: Mapping[Language, Debugger] = {
    "python": Debugger("debugpy", 5678, "debugpy"),
    "go": Debugger("Delve", 2345, "delve"),
    "node": Debugger("Node's inspector", 9229),
}


def language_of(words: Sequence[str]) -> Language | None:
    """The language of what a container runs, as far as its words tell; of Go they tell nothing."""
    program = plain_words(words)[:1]
    if not program:
        return None
    if _PYTHON.fullmatch(program[0]) or _base(program[0]) in _PYTHON_PROGRAMS:
        return "python"
    return "node" if _NODE.fullmatch(program[0]) or _base(program[0]) in _NODE_PROGRAMS else None


def plain_words(words: Sequence[str]) -> list[str]:
    """A command without a shell around it, where the shell has nothing to do but to start it."""
    if len(words) == 3 and _SHELL.fullmatch(words[0]) and words[1] == "-c" and not _BEYOND_WORDS.search(words[2]):  # noqa: PLR2004 -- sh, -c, text
        try:
            inner = shlex.split(words[2])
        except ValueError:  # the shell will say so
            return list(words)
        return inner[1:] if inner[:1] == ["exec"] else inner
    return list(words)


def under_debugger(language: Language, words: Sequence[str], service: str) -> list[str]:
    """What a container runs instead.

    Args:
        language: of the program.
        words: entrypoint and arguments, as the pod and its image have them.
        service: for messages.

    Raises:
        UsageError: it is nothing that the language's debugger could start.
    """
    program, *arguments = plain_words(words) or [""]
    port = DEBUGGERS[language].port
    match language:
        case "python":
            listen = ["-m", "debugpy", "--listen", f"127.0.0.1:{port}"]
            if _PYTHON.fullmatch(program):
                return [program, *listen, *_without_options(arguments)]
            if _base(program) in _PYTHON_PROGRAMS:
                return ["python3", *listen, "-m", _base(program).replace("-", "_"), *arguments]
            raise _refused(service, words, "python3 app.py, python3 -m MODULE or gunicorn")
        case "node":
            if not _NODE.fullmatch(program):
                raise _refused(service, words, "node FILE")
            return [program, f"--inspect=127.0.0.1:{port}", *arguments]
        case "go":
            if not program or _SHELL.fullmatch(program):
                raise _refused(service, words, "the program itself")
            listen = ["--headless", "--accept-multiclient", "--api-version=2", f"--listen=127.0.0.1:{port}"]
            return [f"{FOLDER}/dlv", "exec", *listen, "--continue", program, "--", *arguments]


def variables(language: Language, given: Mapping[str, str]) -> dict[str, str]:
    """Variables that the program gets beside its own.

    Args:
        language: of the program.
        given: those that it has.
    """
    if language != "python":
        return {}
    path = given.get("PYTHONPATH")
    # A debugger's own checks of frozen modules print a warning for each process, and look for nothing that is here.
    return {"PYTHONPATH": f"{FOLDER}:{path}" if path else FOLDER, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _without_options(arguments: Sequence[str]) -> list[str]:
    """Python's own options that need no value, such as -u, go: debugpy begins with what is run."""
    kept = list(arguments)
    while kept and re.fullmatch(r"-[uBEsSIOqvb]+", kept[0]):
        kept.pop(0)
    return kept


def _base(program: str) -> str:
    return program.rpartition("/")[2]


def _refused(service: str, words: Sequence[str], form: str) -> UsageError:
    shown = " ".join(words) or "nothing"
    return UsageError(f"{service} runs {shown}, which no debugger can start", hint=f"have it run {form}: command: […]")
