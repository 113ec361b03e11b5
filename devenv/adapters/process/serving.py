"""A program that runs until it is stopped, as a server on this machine does."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devenv.adapters.process.child import Child
from devenv.errors import CommandFailedError


class ServingProcess:
    """A started program whose end, where nobody has asked for it, is told.

    It ends with this process too, with all that it has started in its group.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        on_line: Callable[[str], None],
        on_end: Callable[[CommandFailedError], None],
        what: str,
    ) -> None:
        """`on_line` and `on_end` are called in another thread.

        Raises:
            ToolMissingError: there is no such program.
        """
        self._stop = threading.Event()
        self._on_end = on_end
        self.ended = threading.Event()
        """Set when it has ended, for whatever reason."""
        self._child = Child(argv, env=env, cwd=cwd, on_line=on_line, what=what, cancel=self._stop, keeps=False)
        self._thread = threading.Thread(target=self._follow, name=f"output of {argv[0]}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop it and all that it has started, and wait for that."""
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        try:
            end = self._child.pump(b"", math.inf)
            if end == "ended":
                self._child.end_group()
                self._on_end(self._child.ending())
        finally:
            self.ended.set()
