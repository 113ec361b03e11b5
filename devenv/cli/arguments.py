"""What is said where somebody gives a command an argument that it does not take: the option that was meant.

Responsible for that hint alone. `devenv up postgres` is how most people try it first.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from devenv.cli.verbatim import Verbatim


def hint_at_options(app: typer.Typer) -> None:
    """Have all commands of a table, and of those below it, hint at the option for what is no argument of theirs."""
    for command in app.registered_commands:
        if not (command.cls and issubclass(command.cls, Verbatim)):
            command.cls = _Hinting
    for group in app.registered_groups:
        if group.typer_instance:
            hint_at_options(group.typer_instance)


class _Hinting(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        ctx.allow_extra_args = True
        extra: list[str] = super().parse_args(ctx, args)
        if extra and not ctx.resilient_parsing:
            message = f"{ctx.command_path} takes no argument {' '.join(extra)}"
            options = [option for word in extra for option in meant(self.params, word)]
            hint = f"\nhint: {shlex.join([*ctx.command_path.split(), *_without(given, extra), *options])}"
            ctx.fail(message + (hint if options else ""))
        return extra


def meant(options: Iterable[Any], word: str) -> list[str]:
    """The option that takes a word, and the word; nothing where none of them may.

    A choice takes what it knows, --profile the built-in ones, --directory what is a folder, and any other word the
    first option that may be given several times: those take names.
    """
    names = [option for option in options if option.param_type_name == "option"]
    for option in names:
        if word in _choices(option):
            return [option.opts[0], word]
    folders = [option for option in names if option.name == "directory" and Path(word).is_dir()]
    repeatable = [option for option in names if option.multiple]
    return next(([option.opts[0], word] for option in (*folders, *repeatable)), [])


def _choices(option: Any) -> list[str]:
    """What an option takes of which there is a list; nothing for others."""
    if option.name == "profile":
        from devenv.spec.model import PROFILES

        return list(PROFILES)
    annotation = option.type_descriptor.annotation
    is_choice = isinstance(annotation, type) and issubclass(annotation, Enum)
    return [str(choice.value) for choice in annotation] if is_choice else []


def _without(given: Sequence[str], extra: Sequence[str]) -> list[str]:
    """The arguments that are right: the others come last, mostly."""
    kept = list(given)
    for word in reversed(extra):
        del kept[len(kept) - 1 - kept[::-1].index(word)]
    return kept
