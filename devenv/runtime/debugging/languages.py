"""Debuggers by language, and what a container runs under one. Pure.

All listen on the pod's own loopback: a port-forward reaches that, and nobody else in the cluster does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from devenv.errors import NotDebuggableError

Language = Literal["python", "go", "node"]
FOLDER = "/run/devenv-debug"
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
_STARTERS = frozenset({"supervise", "tini", "dumb-init", "docker-entrypoint.sh"})
"""Programs that run what is behind them; the first is devenv's own, of live sync."""
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


@dataclass(frozen=True, slots=True)
class Program:
    """What a container runs."""

    starters: tuple[str, ...]
    """What runs it: it stays in front of the debugger."""
    words: tuple[str, ...]
    """The program itself and its arguments."""

    @classmethod
    def of(cls, words: Sequence[str]) -> Program:
        """From entrypoint and arguments, as the pod and its image have them."""
        count = 0
        while count < len(words) - 1 and (_base(words[count]) in _STARTERS or (count and words[count] == "--")):
            count += 1
        return cls(tuple(words[:count]), tuple(_plain_words(words[count:])))

    @property
    def language(self) -> Language | None:
        """As far as its words tell; of Go they tell nothing."""
        name = self.words[0] if self.words else ""
        if _PYTHON.fullmatch(name) or _base(name) in _PYTHON_PROGRAMS or name.endswith(".py"):
            return "python"
        is_node = _NODE.fullmatch(name) or _base(name) in _NODE_PROGRAMS or name.endswith((".js", ".mjs", ".cjs"))
        return "node" if is_node else None

    @property
    def is_script(self) -> bool:
        """Whether it is a shell's: what that starts is not seen."""
        return not self.words or bool(_SHELL.fullmatch(self.words[0]))


def _plain_words(words: Sequence[str]) -> Sequence[str]:
    """A command without a shell around it, where the shell has nothing to do but to start it."""
    if len(words) == 3 and _SHELL.fullmatch(words[0]) and words[1] == "-c" and not _BEYOND_WORDS.search(words[2]):  # noqa: PLR2004 -- sh, -c, text
        try:
            inner = shlex.split(words[2])
        except ValueError:  # the shell will say so
            return words
        return inner[1:] if inner[:1] == ["exec"] else inner
    return words


def under_debugger(language: Language, program: Program, service: str, *, waits: bool = False) -> list[str]:
    """What a container runs instead.

    Args:
        language: of the program.
        program: as it is run now.
        service: for messages.
        waits: whether the program begins only once somebody has attached.

    Raises:
        NotDebuggableError: it is nothing that the language's debugger could start.
    """
    debugged = _UNDER[language](program, waits)
    if not debugged:
        form = {
            "python": "[python3, app.py], [python3, -m, MODULE] or [gunicorn, …]",
            "node": "[node, server.js]; npm would be debugged in place of what it starts",
            "go": "[/the/program, …]",
        }[language]
        shown = " ".join((*program.starters, *program.words)) or "nothing"
        raise NotDebuggableError(
            f"{service} runs {shown}, which {DEBUGGERS[language].title} cannot start",
            hint=f"have it run the program itself, in devenv.yaml or its Dockerfile: command: {form}",
        )
    return [*program.starters, *debugged]


def listening(language: Language, program: Program) -> list[str]:
    """A command that ends well once the debugger can be attached to; empty for Go's, which can from its beginning on.

    It connects to nobody: debugpy would take that for its editor. The program is one that `under_debugger` takes.
    """
    # Local and remote address as the kernel writes them, and the state of a socket that listens.
    socket = f" 0100007F:{DEBUGGERS[language].port:04X} 00000000:0000 0A "
    match language:
        case "python":
            text = f"raise SystemExit({socket!r} not in open('/proc/net/tcp').read())"
            return [_under_debugpy(program, waits=True)[0], "-c", text]
        case "node":
            text = f"process.exit(fs.readFileSync('/proc/net/tcp', 'utf8').includes('{socket}') ? 0 : 1)"
            return [_under_inspector(program, waits=True)[0], "-e", text]
        case "go":
            return []


def _under_debugpy(program: Program, waits: bool) -> list[str]:  # noqa: FBT001 -- one of several of the same form
    name, *arguments = program.words or ("",)
    wait = ["--wait-for-client"] if waits else []
    listen = ["-m", "debugpy", "--listen", f"127.0.0.1:{DEBUGGERS['python'].port}", *wait]
    if _PYTHON.fullmatch(name):
        return [name, *listen, *_without_options(arguments)]
    if name.endswith(".py"):
        return ["python3", *listen, name, *arguments]
    if _base(name) in _PYTHON_PROGRAMS:
        # Beside it is the Python whose packages have it.
        python = f"{name.rpartition('/')[0]}/python3" if "/" in name else "python3"
        return [python, *listen, "-m", _base(name).replace("-", "_"), *arguments]
    return []


def _under_inspector(program: Program, waits: bool) -> list[str]:  # noqa: FBT001 -- the same
    name, *arguments = program.words or ("",)
    inspect = f"--inspect{'-brk' if waits else ''}=127.0.0.1:{DEBUGGERS['node'].port}"
    if _NODE.fullmatch(name):
        return [name, inspect, *arguments]
    return ["node", inspect, name, *arguments] if name.endswith((".js", ".mjs", ".cjs")) else []


def _under_delve(program: Program, waits: bool) -> list[str]:  # noqa: FBT001 -- the same
    if program.is_script:
        return []
    name, *arguments = program.words
    # What a port-forward brings comes from the node's root; nobody else reaches the pod's loopback.
    open_to = [f"--listen=127.0.0.1:{DEBUGGERS['go'].port}", "--only-same-user=false"]
    listen = ["--headless", "--accept-multiclient", "--api-version=2", *open_to]
    begin = [] if waits else ["--continue"]
    return [f"{FOLDER}/dlv", "exec", *listen, *begin, name, "--", *arguments]


_UNDER = {"python": _under_debugpy, "node": _under_inspector, "go": _under_delve}


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
