"""How the members of a loop are laid out in columns, in as many as a width has room for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from devenv.ui.loop.model import Row
from devenv.ui.wording import one_line

_STATE, _RESTARTS = 10, 9
_NAME_MOST, _LAST_LEAST, _LAST_MOST = 28, 16, 34
_GAP = 1
_STYLES = {
    "ready": "green",
    "serving": "green",
    "done": "green",
    "synced": "cyan",
    "running": "cyan",
    "starting": "cyan",
    "not-ready": "yellow",
    "ended": "red",
    "failed": "red",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; 0 for a column that there is no room for."""

    name: int
    state: int
    last: int
    restarts: int
    url: int

    @classmethod
    def fitting(cls, rows: Sequence[Row], width: int) -> Columns:
        """Those for a width: addresses go first, then restarts, then the state."""
        name = min(max((len(row.name) for row in rows), default=4) + _GAP, _NAME_MOST, max(width, 0))
        rest = width - name
        state = _STATE if rest >= _STATE else 0
        restarts = _RESTARTS if rest >= state + _RESTARTS + _LAST_LEAST else 0
        rest -= state + restarts
        url = max((len(_url(row)) for row in rows), default=0)
        url = url + _GAP if url and rest >= url + _GAP + _LAST_LEAST else 0
        return cls(name, state, max(0, min(rest - url, _LAST_MOST if url else rest)), restarts, url)

    def head(self) -> Text:
        """The names of the columns."""
        return self._line([Text(word) for word in ("NAME", "STATE", "LAST ROUND", "RESTARTS", "URL")])

    def row(self, row: Row) -> Text:
        """A member on one line."""
        last = Text(row.activity or row.last, style="cyan" if row.activity else "red" if row.last_failed else "")
        return self._line(
            [
                Text(row.name),
                Text(row.state or "…", style=_STYLES.get(row.state, "")),
                last,
                Text(str(row.restarts or "") if row.member.kind == "stack" else ""),
                Text(_url(row)),
            ]
        )

    def _line(self, cells: Sequence[Text]) -> Text:
        widths = (self.name, self.state, self.last, self.restarts, self.url)
        line = Text(no_wrap=True, overflow="ellipsis")
        for cell, width in zip(cells, widths, strict=True):
            if width > _GAP:
                cell.truncate(width - _GAP, overflow="ellipsis", pad=True)
                line.append_text(cell).append(" " * _GAP)
        return line


def details_of(row: Row) -> Text:
    """What there is no room for in a column: addresses, and why it is as it is."""
    about = f"waits until it is asked for: {row.last}" if row.member.waits else row.details
    lines = [" ".join(row.member.urls) or "no address", one_line(row.reason or about)]
    return Text("\n", no_wrap=True, overflow="ellipsis").join(map(Text, lines))


def _url(row: Row) -> str:
    return row.member.urls[0] if row.member.urls else ""
