"""What differs between two values, for people: entries that come and go, and of texts what stands around the change."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from plexsync.cli.screen import clean
from plexsync.cli.spans import shown

#: Characters of a text that are shown whole, and around a difference.
_WHOLE = 60
_AROUND = 12
#: Entries that are named; the rest is counted.
_NAMED = 12


def cells(now: Any, will_be: Any, field: str) -> tuple[Text, Text]:
    """What Plex holds and what it will hold, each as far as it differs."""
    if isinstance(now, list) or isinstance(will_be, list):
        return _entries(now or [], will_be or [])
    if isinstance(now, str) and isinstance(will_be, str):
        now, will_be = _around(now, will_be)
    return Text(clean(shown(now, field)), style="red"), Text(clean(shown(will_be, field)), style="green")


def _entries(now: list[str], will_be: list[str]) -> tuple[Text, Text]:
    gone, new = _without(now, will_be), _without(will_be, now)
    left = Text("\n".join(_signed("-", gone)), style="red")
    right = Text("\n".join(_signed("+", new)), style="green")
    stay = len(will_be) - len(new)
    if not gone and not new:
        return Text(f"{stay} in another order", style="red"), Text(clean(", ".join(will_be[:_NAMED])), style="green")
    if stay:
        right.append(("\n" if new else "") + f"{stay} stay", style="dim")
    return left, right


def _without(some: list[str], others: list[str]) -> list[str]:
    held = {entry.casefold() for entry in others}
    return [entry for entry in some if entry.casefold() not in held]


def _signed(sign: str, entries: list[str]) -> list[str]:
    named = [f"{sign} {clean(entry)}" for entry in entries[:_NAMED]]
    return named + ([f"{sign} {len(entries) - _NAMED} more"] if len(entries) > _NAMED else [])


def _around(one: str, two: str) -> tuple[str, str]:
    """Both texts, cut to what stands around their difference where they are long."""
    if max(len(one), len(two)) <= _WHOLE:
        return one, two
    start = _common(one, two)
    end = _common(one[start:][::-1], two[start:][::-1])
    return _cut(one, start, end), _cut(two, start, end)


def _common(one: str, two: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


def _cut(text: str, start: int, end: int) -> str:
    """The text without most of what it has in common at its start and end."""
    first = max(0, start - _AROUND)
    last = min(len(text), len(text) - end + _AROUND)
    middle = text[first:last]
    if len(middle) > 2 * _WHOLE:
        middle = f"{middle[:_WHOLE]} … {middle[-_AROUND:]}"
    return ("…" if first else "") + middle + ("…" if last < len(text) else "")
