"""All numbers, or those of the named benches: `python -m bench [name ...]`. Each is measured one after another."""

from __future__ import annotations

import importlib
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from bench.row import Row, met
from rich.console import Console
from rich.table import Table

NAMES = (
    *("hook", "queue", "queue_postgres", "plan", "finding", "edit_to_plex", "requests", "walk", "preview", "idle"),
    *("provider", "scan"),
)
#: Longest time in seconds of one bench, and of those that have to be large.
LIMIT = 150
LIMITS = {"preview": 600, "provider": 600, "scan": 300, "walk": 900}
_WIDTH = 140
_VERDICTS = {True: "[green]met[/]", False: "[red]not met[/]", None: ""}


def main(words: Sequence[str]) -> int:
    """0 when every bench came to its end, whatever it measured; 1 when one broke down; 2 for an unknown name."""
    if unknown := sorted(set(words) - set(NAMES)):
        print(f"no bench is called {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    # A pipe has no width, and a row that is cut tells nothing.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    results = [_collected(name, console) for name in NAMES if not words or name in words]
    found = [one for rows in results if rows is not None for one in rows]
    console.print(_table(found))
    missed = sum(met(one) is False for one in found)
    console.print(f"{len(found)} numbers, {missed} not within reach")
    return 1 if None in results else 0


def _collected(name: str, console: Console) -> Sequence[Row] | None:
    """The rows of one bench; None when it broke down."""
    began = time.monotonic()
    try:
        with _at_most(LIMITS.get(name, LIMIT)):
            rows: Sequence[Row] = importlib.import_module(f"bench.{name}").rows()
    except Exception:  # noqa: BLE001 -- the others are measured all the same
        console.print(f"{name} broke down:\n{traceback.format_exc()}", markup=False)
        return None
    console.print(f"{name}: {time.monotonic() - began:.0f} s")
    return rows


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Whatever takes longer ends with TimeoutError, so that it can still clean up behind itself."""

    def end(_number: int, _frame: object) -> NoReturn:
        raise TimeoutError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("what", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    for name in ("unit", "reach", ""):
        table.add_column(name, no_wrap=True)
    for one in rows:
        value = f"{float(str(one['value'])):,.3f}".rstrip("0").rstrip(".")
        table.add_row(str(one["name"]), value, str(one["unit"]), str(one["reach"]), _VERDICTS[met(one)])
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
