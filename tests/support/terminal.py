"""A terminal of a test's own, with a shell in it that runs one command: what is on its screen, and keys."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyte

_SHELL = 'trap : INT; "$@"; echo "the command ended with $?"; exec cat'
"""It outlives the command, as people's do: what is left on a terminal whose first process ends is hung up."""
_ON, _OFF = "\x1b[?1049h", "\x1b[?1049l"
"""Of the other screen, that full-screen programs draw on (xterm's ctlseqs)."""


class Terminal:
    """A terminal, and the shell in it, whose children are in its foreground."""

    def __init__(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], columns: int = 100, lines: int = 30
    ) -> None:
        self._controller, terminal = pty.openpty()
        self._before = termios.tcgetattr(self._controller)
        self._changed = threading.Condition()
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""
        self.resize(columns, lines)
        shell = ["setsid", "--ctty", "sh", "-c", _SHELL, "sh", *argv]
        environ = {**os.environ, "TERM": "xterm-256color", **env}
        self.shell = subprocess.Popen(shell, cwd=cwd, env=environ, stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def shown(self) -> str:
        """What is on the screen."""
        with self._changed:
            return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def command(self) -> int:
        """The process that the shell runs."""
        return children(self.shell.pid)[0]

    @property
    def is_given_back(self) -> bool:
        """Whether lines are read and shown as before there was a program on the whole of it."""
        written = self.written.decode(errors="replace")
        modes = termios.tcgetattr(self._controller)[:4] == self._before[:4]
        return modes and written.rfind(_OFF) > written.rfind(_ON) and written.rfind("\x1b[?25h") > written.rfind(_ON)

    def until(self, text: str, *, gone: bool = False, seconds: float = 30.0) -> None:
        """Wait until a text is on the screen, or with `gone` is no more."""
        with self._changed:
            there = self._changed.wait_for(lambda: (text in "\n".join(self._screen.display)) is not gone, seconds)
        assert there, f"{text!r} {'stays' if gone else 'does not come'}:\n{self.shown}"

    def until_written(self, text: str, seconds: float = 30.0) -> None:
        """Wait until a text has been written, wherever it is by now."""
        with self._changed:
            there = self._changed.wait_for(lambda: text.encode() in self.written, seconds)
        assert there, f"{text!r} was not written:\n{self.shown}"

    def press(self, keys: str) -> None:
        os.write(self._controller, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """As by the window's edge: the program is told by a signal."""
        with self._changed:
            self._screen.resize(lines, columns)
            fcntl.ioctl(self._controller, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def close(self) -> None:
        """Close the window."""
        for process in (*descendants(self.shell.pid), self.shell.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.shell.wait()
        self._thread.join()
        os.close(self._controller)

    def _read(self) -> None:
        while data := self._chunk():
            with self._changed:
                self.written += data
                self._stream.feed(data)
                self._changed.notify_all()

    def _chunk(self) -> bytes:
        """What was written; nothing once nobody has the terminal open, which Linux tells as an error."""
        try:
            return os.read(self._controller, 65536)
        except OSError:
            return b""


@contextmanager
def terminal(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, columns: int = 100, lines: int = 30
) -> Iterator[Terminal]:
    """A terminal for the length of a block."""
    made = Terminal(argv, cwd=cwd, env=env or {}, columns=columns, lines=lines)
    try:
        yield made
    finally:
        made.close()


def children(process: int) -> list[int]:
    """Of a process, those that it has started by its first thread."""
    return [int(found) for found in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def descendants(process: int) -> list[int]:
    """All that a process has started, and these, deepest first."""
    return [found for child in children(process) for found in (*descendants(child), child)]
