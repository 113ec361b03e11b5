"""Errors of Python and the machine as errors of ours.

Responsible for what nobody translated where it happened.
"""

from __future__ import annotations

import errno
import shlex

from devenv.errors import DevenvError, DiskFullError, FolderError, UnexpectedError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ESTALE})
_SHAPE = frozenset({errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG})
"""Something else stands where a file or folder is looked for."""


def as_devenv_error(error: BaseException) -> DevenvError:
    """An exception that nobody translated: what the machine refuses to any program, else a bug in devenv."""
    if isinstance(error, DevenvError):
        return error
    if isinstance(error, OSError) and error.errno in _FULL:
        return DiskFullError(
            f"there is no room for {error.filename}" if error.filename else "a disk is full",
            context={"cause": error.strerror or str(error)},
            hint="see which: df -h; then make room, or point XDG_CACHE_HOME, XDG_STATE_HOME and TMPDIR elsewhere",
        )
    if isinstance(error, OSError) and error.errno in _REFUSED | _SHAPE and error.filename:
        return FolderError(
            f"{error.filename} cannot be used",
            context={"cause": error.strerror or str(error)},
            hint=f"see whose it is: ls -ld {shlex.quote(str(error.filename))}",
        )
    return UnexpectedError(error, hint="this is a bug in devenv: please open an issue and attach the report")
