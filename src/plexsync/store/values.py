"""The one coding of field values in the store: as JSON, round-tripping exactly."""

from __future__ import annotations

from typing import Any

from plexsync.model.fields import Value
from plexsync.model.item import Person


def plain(value: Value) -> Any:
    """The value as JSON data: a scalar as itself, a list of texts as a list, people as objects."""
    if isinstance(value, tuple):
        return [_entry(entry) for entry in value]
    return value


def value_of(data: Any) -> Value:
    """The value that `plain` was given."""
    if not isinstance(data, list):
        return data  # type: ignore[no-any-return]  # scalars are themselves in JSON
    if data and isinstance(data[0], dict):
        return tuple(Person(name=entry["name"], role=entry["role"]) for entry in data)
    return tuple(data)


def _entry(entry: str | Person) -> str | dict[str, str | None]:
    return {"name": entry.name, "role": entry.role} if isinstance(entry, Person) else entry
