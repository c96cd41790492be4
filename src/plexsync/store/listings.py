"""How far the index follows each library of a Plex, and how far a listing of all of it has come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection

from plexsync.store import preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A listing of a whole library that is under way: what it began with, and where it stands."""

    run: int
    began_at: float
    marks: str  #: the library's at its beginning
    newest: int
    doubts: int  #: those that it settles
    first: bool  #: the library was never listed before
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`marks` are those of the library that the index follows, `newest` when an item changed last, by Plex's clock.

    `uncounted` is how many rows Plex counts that are no items.
    """

    marks: str = ""
    newest: int = 0
    uncounted: int = 0
    whole_at: float = 0.0  #: when all of it was last listed
    whole_marks: str = ""  #: the marks at that time
    took: float = 0.0  #: how many seconds that took
    doubts: int = 0  #: how often the index was found to be wrong about the library
    settled: int = 0  #: how many of these the last listing of all of it has settled
    progress: Progress | None = None

    @property
    def doubted(self) -> bool:
        """All of it has to be listed before it can be followed on."""
        return self.doubts > self.settled


def get(conn: Connection, server: str, section: int) -> Listing | None:
    """How far one library is followed; None where it never was listed as a whole, nor begun to be."""
    known = _all(conn, server).get(str(section))
    if known is None:
        return None
    if not isinstance(known, dict):
        # An earlier version kept the marks alone.
        return Listing(marks=str(known), doubts=1)
    listing = Listing(**_known(Listing, known))
    progress = known.get("progress")
    return replace(listing, progress=None if progress is None else Progress(**_known(Progress, progress)))


def put(conn: Connection, server: str, section: int, listing: Listing) -> None:
    """Remember it."""
    preferences.put(conn, _name(server), _all(conn, server) | {str(section): asdict(listing)})


def doubt(conn: Connection, server: str, sections: Iterable[int]) -> None:
    """The index was found to be wrong about these libraries."""
    for section in sections:
        listing = get(conn, server, section)
        if listing is not None:
            put(conn, server, section, replace(listing, doubts=listing.doubts + 1))


def forget(conn: Connection, server: str, section: int) -> None:
    """The library is gone."""
    preferences.put(conn, _name(server), {key: row for key, row in _all(conn, server).items() if key != str(section)})


def _all(conn: Connection, server: str) -> dict[str, Any]:
    found: dict[str, Any] = preferences.get(conn, _name(server)) or {}
    return found


def _name(server: str) -> str:
    return f"listed:{server}"


def _known(shape: type[Listing] | type[Progress], row: dict[str, Any]) -> dict[str, Any]:
    """What this version knows of a row that a newer one may have written."""
    names = {field.name for field in fields(shape)}
    return {name: value for name, value in row.items() if name in names}
