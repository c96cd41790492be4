"""The entries of lists, told apart as Plex tells them apart."""

from __future__ import annotations

from collections.abc import Collection

from plexsync.model.compare import text_key
from plexsync.model.fields import Value
from plexsync.model.item import Person


def is_empty(value: Value) -> bool:
    """None, "" and the empty list are all empty."""
    return value is None or value in ("", ())


def key_of(entry: str | Person) -> str:
    """Equal for names that Plex takes for one."""
    return text_key(entry.name if isinstance(entry, Person) else entry)


def entry_keys(value: Value) -> set[str]:
    """The names in a list."""
    return {key_of(entry) for entry in value} if isinstance(value, tuple) else set()


def without(entries: Value, keys: Collection[str]) -> Value:
    """A list without the entries of these names; None for one that is empty then."""
    return _where(entries, keys, inside=False)


def only(entries: Value, keys: Collection[str]) -> Value:
    """The entries of these names in a list; None for none."""
    return _where(entries, keys, inside=True)


def joined(entries: Value, more: Value) -> Value:
    """The entries of both lists; None for none."""
    if people := (*people_in(entries), *people_in(more)):
        return people
    return (*_names(entries), *_names(more)) or None


def in_order(one: Value, other: Value) -> bool:
    """Whether the names that both lists hold stand in the same order."""
    here, there = _keys(one), _keys(other)
    both = set(here) & set(there)
    return [key for key in here if key in both] == [key for key in there if key in both]


def people_in(value: Value) -> tuple[Person, ...]:
    """The entries of a cast list."""
    return tuple(entry for entry in value if isinstance(entry, Person)) if isinstance(value, tuple) else ()


def with_roles(wanted: Value, found: Value) -> Value:
    """A cast list with a role text for every name: Plex drops the text of a name that is sent without one."""
    people = people_in(wanted)
    if not people:
        return wanted
    held = {text_key(person.name): person.role or "" for person in people_in(found)}
    return tuple(
        person if person.role is not None else Person(name=person.name, role=held.get(text_key(person.name), ""))
        for person in people
    )


def _where(entries: Value, keys: Collection[str], *, inside: bool) -> Value:
    if people := people_in(entries):
        return tuple(person for person in people if (key_of(person) in keys) is inside) or None
    return tuple(name for name in _names(entries) if (key_of(name) in keys) is inside) or None


def _names(value: Value) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, tuple) else ()


def _keys(value: Value) -> list[str]:
    return list(dict.fromkeys(key_of(entry) for entry in value)) if isinstance(value, tuple) else []
