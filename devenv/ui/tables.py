"""Tables of data on standard output, for commands such as `status` and `tools`.

Responsible for columns that stay readable at any width and lose nothing: on a terminal long cells are folded,
in a pipe every row is one line.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from devenv.ui.wording import clean

_UNBOUNDED = 100_000
"""Width of what is no terminal: wider than any row."""
_STYLES = {
    "ready": "green",
    "running": "green",
    "ok": "green",
    "not ready": "yellow",
    "stopped": "yellow",
    "failed": "red",
    "missing": "red",
}
"""States that stand out; the word always says it too."""


def make_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, folded: bool = True) -> Table:
    """A table without frame; cells are taken literally, and known states get their colour."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for header in headers:
        table.add_column(header.upper(), overflow="fold", no_wrap=not folded)
    for row in rows:
        table.add_row(*(Text(clean(cell), style=_STYLES.get(cell, "")) for cell in row))
    return table


def print_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    stream: TextIO | None = None,
    width: int | None = None,
) -> None:
    """Print a table; its width is the terminal's, or `width`, and unbounded elsewhere."""
    target = stream or sys.stdout
    if target.isatty() or width is not None:
        Console(file=target, width=width, highlight=False).print(make_table(headers, rows))
        return
    buffer = io.StringIO()
    Console(file=buffer, width=_UNBOUNDED, highlight=False).print(make_table(headers, rows, folded=False))
    # Rich fills each line with blanks; whoever cuts the output into fields has no use for them.
    target.writelines(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())
