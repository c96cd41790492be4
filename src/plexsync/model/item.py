"""A video as Plex holds it now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of an item, under the path that Plex sees. `size` in bytes, `duration` in seconds."""

    path: str
    size: int | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An entry of a cast list. `role` None asks to keep whatever role text Plex holds for that name."""

    name: str
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedItem:
    """What a listing tells of an item: enough to find it, never enough to compare its lists."""

    rating_key: int
    section: int
    title: str
    parts: tuple[Part, ...]
    updated_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item's details. Absent scalars are None or "" as Plex gives them; lists are whole, in Plex's order.

    `locks` holds Plex's names of the locked fields. `rating` is the user rating of the token's owner, 0 to 10. Times
    are in seconds since the epoch by Plex's clock, 0 where it tells none.
    """

    rating_key: int
    section: int
    guid: str = ""
    title: str = ""
    sort_title: str = ""
    summary: str = ""
    tagline: str = ""
    studio: str = ""
    content_rating: str = ""
    date: str = ""
    year: int | None = None
    rating: float | None = None
    genres: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    actors: tuple[Person, ...] = ()
    #: The address of each actor's picture by name, "" where Plex shows none. A person has one in all of a server.
    portraits: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    locks: frozenset[str] = frozenset()
    thumb: str = ""
    art: str = ""
    updated_at: int = 0
    added_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A library of Plex. `marks` moves when a scan ended or the content changed; `uuid` stays when it is renamed."""

    key: int
    title: str
    type: str
    agent: str
    locations: tuple[str, ...]
    refreshing: bool = False
    marks: str = ""
    uuid: str = ""
