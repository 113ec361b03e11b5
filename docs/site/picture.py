"""A picture of the terminal while a command runs: what is on its screen at the end, as SVG.

    python docs/site/picture.py docs/pictures/up.svg -- devenv up

Responsible for that picture only. The command runs in a terminal of its own, of 100 columns; nothing is edited.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import shlex
import struct
import sys
import termios
from pathlib import Path

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 100, 45
_COLOURS = {"brown": "yellow", "brightbrown": "bright_yellow", "default": None}
"""pyte's names of colours where rich has others."""


def main() -> int:
    """Run the command, write the picture, and pass the command's exit status on."""
    target, _, *command = sys.argv[1:]
    screen = pyte.Screen(COLUMNS, LINES)
    status = _run(command, pyte.ByteStream(screen))
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text(f"$ {shlex.join(command)}", style="bold"))
    lines = [_line(screen, row) for row in range(LINES)]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    for line in lines:
        console.print(line, soft_wrap=True)
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    Path(target).write_text(console.export_svg(title=Path.cwd().name))
    return status


def _run(command: list[str], stream: pyte.ByteStream) -> int:
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp(command[0], command)  # noqa: S606 -- the command takes the terminal over
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    while data := _read(terminal):
        stream.feed(data)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _read(terminal: int) -> bytes:
    """What the command has written; nothing when it has ended, which Linux tells as an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def _line(screen: pyte.Screen, row: int) -> Text:
    line = Text(no_wrap=True)
    for column in range(COLUMNS):
        char = screen.buffer[row][column]
        colour = _COLOURS.get(char.fg, _name(char.fg))
        line.append(char.data, Style(color=colour, bold=char.bold, italic=char.italics))
    line.rstrip()
    return line


def _name(colour: str) -> str:
    """Rich's name of a colour: hexadecimal ones begin with a sharp there, bright ones have an underscore."""
    if len(colour) == len("rrggbb") and all(digit in "0123456789abcdef" for digit in colour):
        return f"#{colour}"
    return colour.replace("bright", "bright_")


if __name__ == "__main__":
    sys.exit(main())
