"""What Plex asks, read with patience: numbers may be texts, switches numbers, and anything may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plexsync.provider.identifiers import MOVIE

#: Characters of a title, a guid and a path that are looked at.
_TITLE, _GUID, _PATH = 500, 500, 4096
_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question for a match. Texts are "" and numbers None where they were not told, or cannot be."""

    type: int | None = None
    title: str = ""
    year: int | None = None
    guid: str = ""
    filename: str = ""
    manual: bool = False
    include_adult: bool = False

    @property
    def is_about_films(self) -> bool:
        """Of anything else there is none."""
        return self.type in (None, MOVIE)


def asked_of(told: Mapping[str, Any]) -> Asked:
    """The question that the keys of a body ask."""
    return Asked(
        type=_number(told.get("type")),
        title=_text(told.get("title"), _TITLE).strip(),
        year=_number(told.get("year")),
        guid=_text(told.get("guid"), _GUID).strip(),
        filename=_path(told.get("filename")),
        manual=_switch(told.get("manual")),
        include_adult=_switch(told.get("includeAdult")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is asked for: from `start`, counted from 0, at most `size` entries (None: all)."""

    start: int = 0
    size: int | None = None


def page_of(*told: Mapping[str, str], size: int | None = None) -> Page:
    """The part that headers or query ask for, the first that tells; else from the beginning, and so many."""
    start = _first("X-Plex-Container-Start", told)
    length = _first("X-Plex-Container-Size", told)
    return Page(start=max(start or 0, 0), size=size if length is None else max(length, 0))


def _first(name: str, told: tuple[Mapping[str, str], ...]) -> int | None:
    found = (_number(one.get(name)) for one in told)
    return next((number for number in found if number is not None), None)


def _number(value: Any) -> int | None:
    if isinstance(value, str) and len(value) < 12:
        try:
            return int(value)
        except ValueError:
            return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, int) and abs(value) < 2**31 else None


def _switch(value: Any) -> bool:
    return value.strip().lower() in _TRUE if isinstance(value, str) else value is True or value == 1


def _text(value: Any, limit: int) -> str:
    """No database takes NUL or half a surrogate pair."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = value if isinstance(value, str) else str(value) if abs(value) < 2**63 else ""
    return text[:limit].replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _path(value: Any) -> str:
    """Of a path each character counts: what is too long, or no path on any system, is none."""
    return _text(value, _PATH) if isinstance(value, str) and len(value) <= _PATH and "\0" not in value else ""
