"""Variables as a shell, a dotenv file, direnv or a program takes them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from devenv.events import MASK
from devenv.ui.variable_forms import Form

if TYPE_CHECKING:
    from devenv.workflows.variables import Variables

_PLAIN = re.compile(r"[\w./:@%+=,~-]*", re.ASCII)
"""What stands for itself in every reader of dotenv files: some of them take quotes for part of the value."""


def render(variables: Variables, form: Form, *, reveal: bool) -> str:
    """All variables in a form, a line each; passwords only where they may be shown."""
    values = {v.name: MASK if v.secret and not reveal else v.value for v in variables.given}
    if form is Form.JSON:
        return json.dumps(values, indent=2)
    return "\n".join(_lines(variables, values, form))


def hides(variables: Variables) -> bool:
    """Whether there is anything among them that is hidden on a terminal."""
    return any(variable.secret for variable in variables.given)


def _lines(variables: Variables, values: dict[str, str], form: Form) -> Iterator[str]:
    if form is Form.DIRENV:
        yield from (f"watch_file {shlex.quote(str(path))}" for path in variables.sources)
    for name, value in values.items():
        match form:
            case Form.DOTENV:
                yield f"{name}={value if _PLAIN.fullmatch(value) else _single_quoted(value)}"
            case Form.FISH:
                yield f"set -gx {name} {_single_quoted(value)}"
            case _:
                yield f"export {name}={shlex.quote(value)}"
    if form is Form.FISH:
        yield from (f"set -e {name}" for name in variables.foreign)
    elif form is not Form.DOTENV and variables.foreign:
        yield f"unset {' '.join(variables.foreign)}"


def _single_quoted(value: str) -> str:
    """As fish and readers of dotenv files unquote it: within single quotes only those and backslashes are escaped."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
