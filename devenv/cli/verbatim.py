"""Commands that hand all that follows to another program, as it was typed.

Responsible for reading none of it: no option is devenv's, `--help` included. A `--` in front of all, as `devenv run`
has it before a command, is left out: no program needs it there, and kubectl would print its help for it.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from typer.core import TyperCommand

if TYPE_CHECKING:
    from devenv.workflows.tool_call import ToolCall


class Verbatim(TyperCommand):
    """A command whose function finds all arguments in its context."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.args = args[1:] if args[:1] == ["--"] else list(args)
        return list(ctx.args)


def on_terminal() -> bool:
    """Whether somebody types what a program reads, and sees what it prints."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def become(call: ToolCall) -> NoReturn:
    """Let a program take the place of this one, terminal, signals and exit status included."""
    sys.stdout.flush()
    # Python ignores it, and a program inherits what is ignored: `… | head` would not end it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execve(call.argv[0], list(call.argv), {**os.environ, **call.variables})  # noqa: S606 -- it takes the terminal over
