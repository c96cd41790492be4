"""Times and values as people say them."""

from __future__ import annotations

import re
from datetime import datetime

from plexsync.model.spans import ago, many, moment, shown, span

__all__ = ["ago", "many", "moment", "shown", "since", "span"]

_BACK = re.compile(r"([0-9]+) ?(min|h|d)")
_SECONDS = {"min": 60, "h": 3600, "d": 86400}


def since(text: str, now: float) -> float:
    """The time that a person means by a date, or by how long ago it was; ValueError shows the forms."""
    if back := _BACK.fullmatch(text.strip()):
        return now - int(back[1]) * _SECONDS[back[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            f'"{text}" is no time: give a date (2026-01-31), a date and time ("2026-01-31 14:30"), '
            "or how long ago (30min, 12h, 2d)"
        ) from None
