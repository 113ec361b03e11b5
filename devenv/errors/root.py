"""The root of the error tree, and the exit statuses of the command line. It imports nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

EXIT_STEP_FAILED = 1
EXIT_BAD_SPEC = 2
EXIT_MISSING_TOOL = 3
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class DevenvError(Exception):
    """A failure that the reader can understand and act upon.

    Attributes:
        code: kebab-case name of the kind of failure; stable, documented in `docs/errors.md`.
        message: what failed, naming the thing, in one line.
        context: facts that explain the failure, label to text (cause, command, exit status, last lines, log file).
        hint: what to do next, if possible a command that can be pasted.
    """

    code: ClassVar[str] = "error"
    exit_status: int = EXIT_STEP_FAILED

    def __init__(self, message: str, *, context: Mapping[str, str] | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.context: dict[str, str] = dict(context or {})
        self.hint = hint

    def as_dict(self) -> dict[str, object]:
        """The error as JSON-ready data: code, message, context, hint."""
        return {"code": self.code, "message": self.message, "context": self.context, "hint": self.hint}
