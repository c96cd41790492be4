"""How much of a library has to be listed for the index to follow it: pure."""

from __future__ import annotations

from enum import Enum

from plexsync.store.listings import Listing

#: A listing of a whole library leaves Plex alone for so many times its length, at most for so many seconds.
_REST = 10.0
_LONGEST_REST = 3600.0
#: Seconds after which a library that changed is listed as a whole once more.
_DAY = 24 * 3600.0
#: A listing that began longer ago begins anew.
_STALE = 6 * 3600.0
#: The place of the end of the last scan in a library's marks.
_SCANNED = 1


class Way(Enum):
    """What is listed."""

    NOTHING = "nothing"
    NEWER = "newer"  #: what changed since
    WHOLE = "whole"


def way_of(listing: Listing | None, marks: str, now: float, *, told: bool) -> Way:
    """`told`: Plex said that something in the library changed, whatever its marks are."""
    if listing is None or listing.progress is not None:
        return Way.WHOLE
    # Marks that tell nothing are no proof that nothing changed.
    silent = not any(map(str.isdecimal, marks))
    moved = silent or listing.marks != marks
    overdue = (silent or listing.whole_marks != marks) and not 0 <= now - listing.whole_at < _DAY
    unsure = moved and (not listing.newest or went_back(listing.marks, marks))
    if (listing.doubted or overdue or unsure) and rested(listing, now):
        return Way.WHOLE
    return Way.NEWER if moved or told else Way.NOTHING


def rested(listing: Listing, now: float) -> bool:
    """Whether the last listing of the whole library is long enough ago for another one."""
    passed = now - listing.whole_at
    return passed < 0 or passed >= min(_REST * listing.took, _LONGEST_REST)


def goes_on(listing: Listing | None, now: float) -> bool:
    """Whether a listing that was cut off may go on where it stood."""
    return listing is not None and listing.progress is not None and 0 <= now - listing.progress.began_at < _STALE


def went_back(before: str, now: str) -> bool:
    """Whether one of the marks, which only grow, is lower than it was: Plex goes by an older database."""
    pairs = zip(before.split("/"), now.split("/"), strict=False)
    return any(int(new) < int(old) for old, new in pairs if old.isdecimal() and new.isdecimal())


def scan_ended(before: str, now: str) -> bool:
    """Whether a scan of the library ended between these marks."""
    old, new = before.split("/"), now.split("/")
    return len(old) > _SCANNED and len(new) > _SCANNED and old[_SCANNED] != new[_SCANNED]
