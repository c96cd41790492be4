"""What the show puts on the terminal: a live table where there is one, else a line for each thing that happened."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from plexsync.demo.edits import Edit

_ROWS = 30
_WIDEST = 44


@dataclass(slots=True)
class Show:
    """Speaks to `console`; `live` redraws a table of the edits while they travel."""

    console: Console
    live: bool

    def act(self, title: str) -> None:
        """A new part begins."""
        self.console.print(Text(f"\n{title}", style="bold cyan"))

    def say(self, text: str) -> None:
        """One sentence."""
        self.console.print(Text(text))

    def told(self, edit: Edit) -> None:
        """Something happened to an edit."""
        if not self.live and edit.seconds is not None:
            change = f"{_short(edit, edit.before)} -> {_short(edit, edit.after)}"
            self.say(f"  {edit.seconds:6.2f} s  scene {edit.scene}, {edit.field}: {change}")

    @contextmanager
    def watching(self, edits: Callable[[], list[Edit]]) -> Iterator[None]:
        """Show the edits while the block runs."""
        if not self.live:
            yield
            return
        with Live(console=self.console, get_renderable=lambda: _table(edits()), refresh_per_second=8):
            yield


def _table(edits: list[Edit]) -> Table:
    table = Table(header_style="bold")
    for column in ("scene", "field", "before", "after"):
        table.add_column(column, no_wrap=True)
    table.add_column("from Save to Plex", justify="right")
    for edit in edits[-_ROWS:]:
        took = Text("on its way ...", style="yellow")
        if edit.seconds is not None:
            took = Text(f"{edit.seconds:.2f} s", style="green")
        table.add_row(
            str(edit.scene), edit.field, Text(_short(edit, edit.before)), Text(_short(edit, edit.after)), took
        )
    return table


def _short(edit: Edit, value: Any) -> str:
    if edit.field == "poster" and value:
        # A picture is told by the sha1 of its bytes.
        value = f"picture {value[:7]}"
    text = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    text = text or "(empty)"
    text = "".join(char for char in " ".join(text.split()) if unicodedata.category(char) != "Cc")
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
