"""The screen of `devenv dev --view`: a list of members over a pane of what is written, and keys.

Responsible for drawing the model and for telling what the user asks for. It does nothing of that itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, RichLog, Static
from textual.widgets.option_list import Option

from devenv.ui.loop.layout import Columns, details_of
from devenv.ui.loop.model import KEPT_LINES, LoopModel, Row

_SECONDS = 0.1
"""Between two looks at the model: so a flood of events makes no flood of drawings."""
_AT_ONCE = 500
"""Lines are written in one turn; of a flood what is older is left out, so that keys are answered in between."""
_HELP = """\
r       rebuild the chosen one: its round, as after a save
s, R    restart its pods
l       logs: of the chosen one, or of all
o       open its address in a browser
↑ ↓     choose
Tab     to the logs and back, where ↑ ↓ PgUp PgDn scroll
q       quit, as Ctrl-C does; what is rolled out stays
Shift   with the mouse selects text, as without a view

any key closes this"""


class HelpScreen(ModalScreen[None]):
    """What the keys do."""

    def compose(self) -> ComposeResult:
        yield Static(_HELP, id="help")

    def on_key(self, event: Key) -> None:
        """Close it, whatever the key, which means nothing else then."""
        event.stop()
        event.prevent_default()
        self.dismiss()


class LoopScreen(App[None]):
    """The view; `ask` is told `rebuild NAME`, `restart NAME`, `open URL` or `quit`."""

    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    Screen > * { min-width: 4; } /* Textual cannot draw what has no width but for its margins */
    #head, #columns, #logs-of { height: 1; padding: 0 1; }
    #head, #logs-of { text-style: reverse; }
    #columns { text-style: bold; }
    #members { height: auto; max-height: 45%; border: none; padding: 0 1; scrollbar-size-vertical: 0; }
    #members > .option-list--option { padding: 0; }
    #details { height: 2; padding: 0 1; color: $text-muted; }
    #log { height: 1fr; min-height: 1; border: none; padding: 0 1; }
    HelpScreen { align: center middle; }
    #help { width: auto; height: auto; max-width: 100%; border: round $primary; padding: 1 2; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "rebuild", "Rebuild"),
        Binding("s,R", "restart", "Restart"),
        Binding("l", "logs", "Logs"),
        Binding("o", "open", "Open"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c,ctrl+q", "quit", show=False, priority=True),
    ]

    def __init__(self, model: LoopModel, lock: threading.Lock, ask: Callable[[str], None]) -> None:
        """`lock` is held while the model is read; its other holder changes it."""
        super().__init__(ansi_color=True)  # which has to be known before the theme, where NO_COLOR is set
        self.theme = "ansi-dark"  # the terminal's own colours
        self._model, self._lock, self._ask = model, lock, ask
        # Kept, not looked for: what happens while the screen is taken down finds them as well.
        self._head, self._columns = Static(id="head", markup=False), Static(id="columns", markup=False)
        self._members = OptionList(id="members", markup=False)
        self._details, self._logs_of = Static(id="details", markup=False), Static(id="logs-of", markup=False)
        self._lines = RichLog(id="log", max_lines=KEPT_LINES, wrap=True, min_width=0)
        self._shown: list[Row] = []
        self._width = 0
        self._told = ""
        self._wrapped_at = 0
        self._written = 0
        self._only = ""
        self._stopping = False

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._columns
        yield self._members
        yield self._details
        yield self._logs_of
        yield self._lines
        yield Footer()

    def on_mount(self) -> None:
        self._members.focus()
        self._draw()
        self.set_interval(_SECONDS, self._draw)

    def on_option_list_option_highlighted(self) -> None:
        self._show_details()
        if self._only:
            self._rewrite()

    def action_rebuild(self) -> None:
        if row := self._chosen:
            self._ask(f"rebuild {row.name}")

    def action_restart(self) -> None:
        row = self._chosen
        if row and row.member.kind == "task":
            self._ask(f"rebuild {row.name}")
        elif row:
            self._ask(f"restart {row.name}")

    def action_open(self) -> None:
        row = self._chosen
        if row and row.member.urls:
            self._ask(f"open {row.member.urls[0]}")
        elif row:
            self.notify(f"{row.name} has no address", timeout=2)

    def action_logs(self) -> None:
        self._only = "" if self._only or not self._chosen else self._chosen.name
        self._rewrite()

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    async def action_quit(self) -> None:
        """Ask for the end, which comes once the loop has stopped."""
        self._stopping = True
        self._ask("quit")

    @property
    def _chosen(self) -> Row | None:
        number = self._members.highlighted
        return self._shown[number] if number is not None and number < len(self._shown) else None

    def _draw(self) -> None:
        if not self._lines.is_attached:
            return  # it is being taken down
        if self._lines.size.width != self._wrapped_at:
            self._rewrite()
        with self._lock:
            rows, doing, project = self._model.rows(), self._model.doing, self._model.project
            behind = self._model.written - self._written
            lines = self._model.newest(min(behind, _AT_ONCE), self._only)
            self._written = self._model.written
        state = "stopping" if self._stopping else doing or "watching"
        if (told := f"devenv dev {project}: {state}") != self._told:
            self._head.update(told)
        self._told = told
        self._draw_rows(rows)
        at_end = self._lines.is_vertical_scroll_end
        for line in lines:
            self._lines.write(line.text, scroll_end=at_end)

    def _draw_rows(self, rows: list[Row]) -> None:
        members, width = self._members, self.size.width - 2
        if rows == self._shown and width == self._width:
            return
        columns = Columns.fitting(rows, width)
        self._columns.update(columns.head())
        if len(rows) != len(self._shown):
            members.clear_options()
            members.add_options([Option(columns.row(row)) for row in rows])
            members.highlighted = 0 if rows else None
        else:
            for number, (row, former) in enumerate(zip(rows, self._shown, strict=True)):
                if row != former or width != self._width:
                    members.replace_option_prompt_at_index(number, columns.row(row))
        self._shown, self._width = rows, width
        self._show_details()

    def _show_details(self) -> None:
        if row := self._chosen:
            self._details.update(details_of(row))
        only = f" of {self._only}" if self._only else " of all"
        self._logs_of.update(f"logs{only}")

    def _rewrite(self) -> None:
        """Write the log anew: for another width, or of another member."""
        if self._only and self._chosen:
            self._only = self._chosen.name
        self._wrapped_at = self._lines.size.width
        self._lines.clear()
        with self._lock:
            lines = self._model.newest(KEPT_LINES, self._only)[-_AT_ONCE:]
            self._written = self._model.written
        for line in lines:
            self._lines.write(line.text, scroll_end=True)
        self._show_details()
