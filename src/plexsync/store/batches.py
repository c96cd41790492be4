"""Long lists in pieces that fit one statement on every database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

#: Small enough for ten columns a row within PostgreSQL's and SQLite's limits of bound parameters.
SIZE = 1000


def batches(items: Iterable[T], size: int = SIZE) -> Iterator[list[T]]:
    """The items in order, in lists of at most `size`."""
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece
