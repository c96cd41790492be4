"""Values of fields as plain JSON that people can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plexsync.model.fields import Value
from plexsync.model.item import Person
from plexsync.model.plan import Change

#: Of a longer text, and of a longer list, only so much is told in a short form.
_LONGEST = 80
_MOST = 5


def value_json(value: Value) -> Any:
    """A value as people read it: names of a cast with their role, if any."""
    if not isinstance(value, tuple):
        return value
    return [f"{e.name} ({e.role})" if isinstance(e, Person) and e.role else getattr(e, "name", e) for e in value]


def short_json(value: Value) -> Any:
    """The same with an end, for examples among many."""
    told = value_json(value)
    if isinstance(told, str):
        return _cut(told)
    if isinstance(told, list):
        more = [f"and {len(told) - _MOST} more"] if len(told) > _MOST else []
        return [_cut(str(entry)) for entry in told[:_MOST]] + more
    return told


def changes_json(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """The first few of many changes, in short."""
    return [
        {
            "field": change.field.value,
            "now": short_json(change.before),
            "will_be": short_json(change.after),
            "why": change.because.value,
        }
        for change in changes[:_MOST]
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
