"""Small files that are written whole or not at all, and read with an error that names them when they are damaged.

Responsible for the form only: what is recorded is the concern of its callers.
"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

from devenv.errors import DamagedFileError


def write_whole(file: Path, text: str, *, mode: int | None = None) -> None:
    """Write a file so that every reader sees all of the former or all of the new one; links stay links.

    Without a `mode` it keeps the one that it has.
    """
    target = file.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)  # of a run that was killed
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
        with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 -- a descriptor
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())  # else a power cut may leave an empty file under the name
        if mode is None and target.exists():
            draft.chmod(target.stat().st_mode & 0o777)
        draft.replace(target)
    except OSError as error:
        if error.filename == str(draft):
            error.filename = str(file)  # the one that the reader knows
        raise
    finally:
        draft.unlink(missing_ok=True)


def read_record(file: Path, *, hint: str = "", **kinds: type) -> dict[str, Any]:
    """The JSON object in a file of devenv's own, whose keys hold these kinds of values; empty when there is no file.

    Raises:
        DamagedFileError: it holds something else.
    """
    try:
        document = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, RecursionError) as error:
        raise _damaged(file, str(error), hint) from error
    if not isinstance(document, dict):
        raise _damaged(file, f"an object is expected, and it holds a {type(document).__name__}", hint)
    for key, kind in kinds.items():
        if not isinstance(document.get(key), kind):
            raise _damaged(file, f"{key} is no {kind.__name__}", hint)
    return document


def remembered(file: Path, **kinds: type) -> dict[str, Any]:
    """As `read_record`, of what it is well to know and can be done without: nothing where that cannot be read."""
    try:
        return read_record(file, hint="", **kinds)
    except (DamagedFileError, OSError):
        return {}


def _damaged(file: Path, cause: str, hint: str) -> DamagedFileError:
    return DamagedFileError(
        f"{file} is damaged",
        context={"cause": cause},
        hint=hint or f"devenv forgets what was recorded there when it is gone: rm {shlex.quote(str(file))}",
    )
