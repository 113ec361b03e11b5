"""What comes out of one pipe of a program: kept whole up to a bound, and reported line by line."""

from __future__ import annotations

from collections.abc import Callable

OnLine = Callable[[str], None]
NO_SPACE = "no space left on device"
"""What programs print where the disk is full: the kernel's text for ENOSPC, as Go spells it."""
KEPT_BYTES = 256 << 20
"""Of each pipe. What prints more is stopped: a part of an answer would be taken for the whole."""
_LINE_BYTES = 1 << 20
"""A longer line is reported in pieces, so that waiting for its end takes no memory."""


class Output:
    """The bytes of one pipe, cut into lines as they come."""

    def __init__(self, on_line: OnLine, *, keeps: bool = True) -> None:
        self._on_line = on_line
        self._keeps = keeps
        self._line = bytearray()
        """What has come of a line that has not ended."""
        self._whole = bytearray()

    @property
    def overflowed(self) -> bool:
        """Whether there was more than is kept."""
        return len(self._whole) > KEPT_BYTES

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        if self._keeps and not self.overflowed:
            self._whole += data
        # Only what is new is searched: a line of many megabytes comes in thousands of parts.
        first, *others = data.split(b"\n")
        self._line += first
        for part in others:
            self._emit()
            self._line += part
        if len(self._line) >= _LINE_BYTES:
            self._emit()

    def finish(self) -> None:
        """Tell the last line, when the pipe ended in the middle of it."""
        if self._line:
            self._emit()

    def text(self) -> str:
        """All of it; bytes that are not UTF-8 become replacement characters."""
        return self._whole.decode(errors="replace")

    def _emit(self) -> None:
        line = self._line.decode(errors="replace").rstrip("\r")
        self._line.clear()
        self._on_line(line)
