"""What comes out of one pipe of a program: kept whole, and told line by line."""

from __future__ import annotations

from collections.abc import Callable


class Output:
    """The bytes of one pipe, cut into lines as they come."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = bytearray()
        self.whole = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        self.whole += data
        self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self._on_line(line.decode(errors="replace").rstrip("\r"))

    def finish(self) -> None:
        """Tell the last line, when the pipe ended in the middle of it."""
        if self._rest:
            self._on_line(self._rest.decode(errors="replace").rstrip("\r"))
            self._rest = bytearray()

    def text(self) -> str:
        """All of it; bytes that are not UTF-8 become replacement characters."""
        return self.whole.decode(errors="replace")
