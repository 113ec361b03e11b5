"""Options of a command that stand before it, as people type them: `devenv -C shop up`.

Responsible for their way behind the command, which alone knows whether it takes them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from devenv.cli.verbatim import Verbatim

_DIRECTORY = ("-C", "--directory")
_VERBOSE = ("-v", "--verbose")
_SWITCHES = ("--json", *_VERBOSE)


class LeadingOptions(TyperGroup):
    """A table of commands, before which -C, --json and -v may stand."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        leading, rest = _split(args)
        command: Any = self
        depth = 0
        while isinstance(command, TyperGroup) and depth < len(rest) and rest[depth] in command.commands:
            command = command.commands[rest[depth]]
            depth += 1
        if depth == 0:
            # None, or one that is not known: that is what is told.
            return super().parse_args(ctx, rest)
        if isinstance(command, Verbatim):
            _keep_directory(ctx, leading, rest[0])
            return super().parse_args(ctx, rest)
        return super().parse_args(ctx, [*rest[:depth], *_taken(ctx, leading, command), *rest[depth:]])


def leading_directory(context: Any) -> Path:
    """What stands behind -C, of a command that hands all its own arguments on."""
    return Path(context.meta.get(__name__, ""))


def _taken(ctx: Any, leading: list[str], command: Any) -> list[str]:
    """What of it the command gets: one without -C is run in that folder, and one that shows no more takes no -v."""
    known = {option for parameter in command.params for option in parameter.opts}
    taken, words = [], iter(leading)
    for word in words:
        if word in _VERBOSE and word not in known:
            continue
        if word in _SWITCHES or known.issuperset(_DIRECTORY):
            taken += [word, next(words, "")] if word in _DIRECTORY else [word]
            continue
        folder = next(words, "") if word in _DIRECTORY else _folder_of(word)
        try:
            os.chdir(folder)
        except OSError as error:
            ctx.fail(f"{folder} is no folder to be in: {(error.strerror or str(error)).lower()}")
    return taken


def _folder_of(word: str) -> str:
    """What -CDIR or --directory=DIR names."""
    return word.removeprefix("--directory=").removeprefix("-C")


def _split(args: list[str]) -> tuple[list[str], list[str]]:
    end = 0
    while end < len(args):
        word = args[end]
        if word in _DIRECTORY:
            end += 2
        elif word in _SWITCHES or word.startswith("--directory=") or (word.startswith("-C") and word != "-C"):
            end += 1
        else:
            break
    return args[:end], args[end:]


def _keep_directory(ctx: Any, leading: list[str], command: str) -> None:
    words = iter(leading)
    for word in words:
        if word in _SWITCHES:
            ctx.fail(f"{ctx.command_path} {command} hands all options on: {word} belongs behind it")
        ctx.meta[__name__] = next(words, "") if word in _DIRECTORY else _folder_of(word)
