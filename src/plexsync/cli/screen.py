"""What is said on the terminal: sentences and tables for people, JSON facts for programs."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_HIDDEN = ("Cc", "Cf", "Cs")


def clean(value: object) -> str:
    """Text of foreign origin without anything that a terminal would obey; line breaks become spaces."""
    text = " ".join(str(value).split())
    return "".join(char for char in text if unicodedata.category(char) not in _HIDDEN)


def clean_line(text: str) -> str:
    """A line without anything that a terminal would obey; its spaces stay as they are."""
    return "".join(char for char in text if unicodedata.category(char) not in _HIDDEN)


class Screen:
    """Standard output. With `as_json` only `facts` are shown, one JSON value a line."""

    def __init__(self, *, as_json: bool = False, console: Console | None = None) -> None:
        self.as_json = as_json
        self.console = console or Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    def facts(self, facts: Any) -> None:
        """One JSON line, when facts were asked for."""
        if self.as_json:
            sys.stdout.write(json.dumps(facts, ensure_ascii=True, default=str) + "\n")
            sys.stdout.flush()

    def say(self, text: str, *, style: str = "") -> None:
        """One sentence for people."""
        if not self.as_json:
            self.console.print(Text(clean(text), style=style))

    def block(self, text: str) -> None:
        """Lines to be copied as they stand."""
        if not self.as_json:
            for line in text.splitlines():
                self.console.print(Text(clean_line(line)))

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table for people; cells are shown as they are, never read as markup."""
        if not self.as_json:
            self.console.print(table(title, columns, rows), soft_wrap=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """The table itself. A cell that is a rich `Text` keeps its style."""
    made = Table(title=Text(clean(title), style="bold"), title_justify="left", header_style="bold", expand=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(clean(cell)) for cell in row))
    return made


def fault(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write("".join(char for char in text if char == "\n" or unicodedata.category(char) != "Cc") + "\n")
    sys.stderr.flush()
