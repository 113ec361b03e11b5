"""The reference of errors, `docs/errors.md`, made from the error classes themselves.

Responsible for that page only:

    python -m devenv.ui.error_reference > docs/errors.md
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from devenv import errors
from devenv.errors import DevenvError

_STATUSES = (
    (0, "Done. For `status`: everything is ready."),
    (errors.EXIT_STEP_FAILED, "A step failed. For `status`: something is not ready."),
    (errors.EXIT_BAD_SPEC, "The specification or the command line is wrong; nothing was changed."),
    (errors.EXIT_MISSING_TOOL, "A program or the container engine is missing."),
    (errors.EXIT_BUG, "A bug in devenv; the message names a report to attach to an issue."),
    (errors.EXIT_INTERRUPTED, "Stopped by the user; the next `devenv up` goes on."),
)
_HEAD = """\
# Errors

<!-- Made from devenv/errors/__init__.py: python -m devenv.ui.error_reference > docs/errors.md -->

Every error says what failed, the facts that explain it, and what to do next. It goes to standard error; with
`--json` it is one line on standard output instead, after whatever was printed before:

```json
{"type": "error", "error": {"code": "port-taken", "message": "…", "context": {"cause": "…"}, "hint": ""}}
```

`spec-invalid` has `problems` besides (`file`, `line`, `key`, `message`, `hint`), `run-failed` has `failures`:
the error of each step by its key. Codes are stable; messages are for people and may change.
"""


def page() -> str:
    statuses = [f"| {status} | {meaning} |" for status, meaning in _STATUSES]
    codes = [f"| `{error.code}` | {error.exit_status} | {_kind(error)} | {_meaning(error)} |" for error in _classes()]
    sections = [
        _HEAD,
        "## Exit statuses\n",
        "| status | meaning |",
        "| ---: | --- |",
        *statuses,
        "\n## Codes\n",
        "| code | exit status | a kind of | meaning |",
        "| --- | ---: | --- | --- |",
        *codes,
    ]
    return "\n".join(sections) + "\n"


def _classes() -> Iterator[type[DevenvError]]:
    """The error classes in the order of their definition; the root of the tree is no error of its own."""
    for value in vars(errors).values():
        if inspect.isclass(value) and issubclass(value, DevenvError) and value is not DevenvError:
            yield value


def _kind(error: type[DevenvError]) -> str:
    parents = [p for p in error.__bases__ if issubclass(p, DevenvError) and p is not DevenvError]
    return ", ".join(f"`{parent.code}`" for parent in parents)


def _meaning(error: type[DevenvError]) -> str:
    paragraph = inspect.cleandoc(error.__doc__ or "").partition("\n\n")[0]
    return " ".join(paragraph.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
