"""What a provider told of a film, as far as a library keeps it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from plexsync.sim.plex.options import Switches
    from plexsync.sim.plex.rows import Value

_TEXTS = ("titleSort", "originalTitle", "summary", "tagline", "studio", "contentRating")
_TAGS = {
    "genre": "Genre",
    "country": "Country",
    "collection": "Collection",
    "director": "Director",
    "writer": "Writer",
    "producer": "Producer",
    "actor": "Role",
    "similar": "Similar",
}
_YEARS = range(1, 10_000)
_RATINGS = {"critic": "rating", "audience": "audienceRating"}
#: kind of pictures -> what an item calls the one that it shows, and its type in the list
_PICTURES = {"posters": ("thumb", "coverPoster"), "arts": ("art", "background")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A tag, with a role and a picture where it is a person."""

    name: str
    text: str = ""
    thumb: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`values` has None for what was not told; `pictures` are addresses by their kind, the one to be shown first."""

    values: Mapping[str, Value | None]
    tags: Mapping[str, tuple[Named, ...]]
    guids: tuple[str, ...]
    pictures: Mapping[str, tuple[str, ...]]


def told_of(entry: Mapping[str, Any], switches: Switches) -> Told:
    """Read an entry of the metadata feature; what is of another type than it should be counts as not told."""
    tags = {kind: _named(entry, element) for kind, element in _TAGS.items()}
    if switches.first_genre_only:
        tags["genre"] = tags["genre"][:1]
    if not switches.provider_collections:
        tags["collection"] = ()
    return Told(
        values=_values(entry),
        tags=tags,
        guids=tuple(text for one in _entries(entry, "Guid") if (text := _text(one, "id"))),
        pictures={kind: _addresses(entry, *names) for kind, names in _PICTURES.items()},
    )


def _values(entry: Mapping[str, Any]) -> dict[str, Value | None]:
    found: dict[str, Value | None] = {name: _text(entry, name) or None for name in _TEXTS}
    if title := _text(entry, "title"):
        found["title"] = title
    if found["studio"] is None:
        found["studio"] = next((text for one in _entries(entry, "Studio") if (text := _text(one, "tag"))), None)
    date = _date(_text(entry, "originallyAvailableAt"))
    year = entry.get("year")
    found["originallyAvailableAt"] = date
    found["year"] = year if isinstance(year, int) and year in _YEARS else int(date[:4]) if date else None
    return found | dict.fromkeys(_RATINGS.values()) | _ratings(entry)


def _ratings(entry: Mapping[str, Any]) -> dict[str, Value | None]:
    found: dict[str, Value | None] = {}
    for one in _entries(entry, "Rating"):
        name, value = _RATINGS.get(_text(one, "type")), one.get("value")
        if name is not None and isinstance(value, int | float) and 0 <= value <= 10:
            found.setdefault(name, float(value))
    return found


def _date(text: str) -> str | None:
    try:
        return datetime.date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return None


def _named(entry: Mapping[str, Any], element: str) -> tuple[Named, ...]:
    found = [one for one in _entries(entry, element) if _text(one, "tag")]
    if element == "Role":
        found.sort(key=_place)
    return tuple(Named(name=_text(one, "tag"), text=_text(one, "role"), thumb=_text(one, "thumb")) for one in found)


def _place(one: Mapping[str, Any]) -> float:
    order = one.get("order")
    return order if isinstance(order, int | float) else float("inf")


def _addresses(entry: Mapping[str, Any], name: str, kind: str) -> tuple[str, ...]:
    listed: Iterable[str] = (_text(one, "url") for one in _entries(entry, "Image") if one.get("type") == kind)
    return tuple(dict.fromkeys(text for text in (_text(entry, name), *listed) if text))


def _entries(entry: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = entry.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(entry: Mapping[str, Any], name: str) -> str:
    found = entry.get(name)
    return found if isinstance(found, str) else ""
