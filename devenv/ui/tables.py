"""Tables of data on standard output, for commands such as `status` and `tools`.

Responsible for columns that stay readable at any width and lose nothing: on a terminal long cells are folded,
in a pipe every row is one line.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len

from devenv.ui.wording import clean

if TYPE_CHECKING:
    from rich.table import Table

_GAP = "  "
_STYLES = {
    "ready": "green",
    "running": "green",
    "ok": "green",
    "not ready": "yellow",
    "stopped": "yellow",
    "warning": "yellow",
    "error": "red",
    "failed": "red",
    "missing": "red",
}
"""States that stand out; the word always says it too."""


def make_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table without frame; cells are taken literally and folded, and known states get their colour."""
    # What draws on terminals takes long to load, and a pipe does without.
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for header in headers:
        table.add_column(header.upper(), overflow="fold")
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
        from rich.console import Console  # noqa: PLC0415 -- as above

        Console(file=target, width=width, highlight=False).print(make_table(headers, rows))
    else:
        target.writelines(f"{line}\n" for line in _aligned([[header.upper() for header in headers], *rows]))


def _aligned(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of columns that are as wide as their widest cell; a cell of several lines takes as many."""
    cells = [[clean(cell).split("\n") for cell in row] for row in rows]
    widths = [max(cell_len(line) for lines in column for line in lines) for column in zip(*cells, strict=True)]
    for row in cells:
        for at in range(max(len(lines) for lines in row)):
            texts = [lines[at] if at < len(lines) else "" for lines in row]
            padded = (text + " " * (width - cell_len(text)) for text, width in zip(texts, widths, strict=True))
            # Blanks at the end are of no use for who cuts the output into fields.
            yield _GAP.join(padded).rstrip()
