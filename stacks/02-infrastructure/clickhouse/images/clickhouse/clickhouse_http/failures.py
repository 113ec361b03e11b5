"""Errors as the HTTP interface tells them: a code in a header, a status, a line of text."""

from __future__ import annotations

import re

_CODE = re.compile(r"Code: (\d+)")
_BAD_REQUEST = {6, 26, 27, 33, 36, 38, 41, 43, 44, 53, 62, 69, 70, 72, 117, 130, 131, 290, 386, 456, 457}
_UNKNOWN = {46, 47, 16, 60, 63, 73, 81, 82, 107, 115}
_STATUS = {
    **dict.fromkeys(_BAD_REQUEST, "400 Bad Request"),
    **dict.fromkeys(_UNKNOWN, "404 Not Found"),
    48: "501 Not Implemented",
    159: "408 Request Timeout",
    194: "401 Unauthorized",
    307: "413 Payload Too Large",
    497: "403 Forbidden",
    516: "403 Forbidden",
}

AUTHENTICATION_FAILED = 516
NOT_IMPLEMENTED = 48
BAD_ARGUMENTS = 36
SYNTAX_ERROR = 62
READONLY = 164
SESSION_IS_LOCKED = 373
SESSION_NOT_FOUND = 372
INCORRECT_DATA = 117


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def status(self) -> str:
        """The HTTP status line."""
        return _STATUS.get(self.code, "500 Internal Server Error")


def refused(code: int, name: str, message: str) -> RefusedError:
    """An error of this program, in the server's form."""
    return RefusedError(code, f"Code: {code}. DB::Exception: {message} ({name})\n")


def from_engine(error: Exception) -> RefusedError:
    """An error of the engine, which tells its code in its text."""
    text = str(error)
    match = _CODE.search(text)
    return RefusedError(int(match[1]) if match else 1002, text if text.endswith("\n") else text + "\n")
