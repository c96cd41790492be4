"""Times, numbers and values as people say them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_LONGEST = 200
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def span(seconds: float) -> str:
    """A length of time in its two largest units."""
    left = round(abs(seconds))
    if left == 0:
        return "0 s" if seconds == 0 else f"{abs(seconds):.1f} s"
    parts: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def moment(at: float | None) -> str:
    """A time in this machine's zone."""
    if not at:
        return "never"
    return datetime.fromtimestamp(at, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def ago(at: float | None, now: float) -> str:
    """How long ago, or in what time."""
    if not at:
        return "never"
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def many(count: int, word: str) -> str:
    """So many of something."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def shown(value: Any, field: str = "") -> str:
    """A field's value on one line; a long text is cut, and of a picture only the start of its hash is shown."""
    if value is None or value == []:
        return "(empty)"
    if field in ("poster", "background"):
        return f"picture {str(value).removeprefix('upload://posters/')[:8]}"
    text = ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
