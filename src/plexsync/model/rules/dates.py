"""Dates as Stash keeps them: whole, or only a month or a year."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@lru_cache(10_000)
def day_and_year(text: str) -> tuple[str | None, int | None]:
    """A whole date gives both; a partial one only the year; anything else nothing."""
    found = _DATE.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        return None, None
    if found[3] is None:
        return None, int(found[1])
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None, int(found[1])
    return day.isoformat(), day.year
