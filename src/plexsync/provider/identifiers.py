"""What names a scene in what Plex asks: a rating key, a guid, what a person typed, the name of a file."""

from __future__ import annotations

import re

from plexsync.model.provider import IDENTIFIER

#: Feature keys, relative to the address that is registered.
METADATA = "/library/metadata"
MATCHES = f"{METADATA}/matches"
#: Plex's number for a film.
MOVIE = 1

_KEY = re.compile(r"[1-9][0-9]{0,9}")
_LARGEST = 2**31 - 1
_GUID = re.compile(rf"{re.escape(IDENTIFIER)}://movie/([0-9]{{1,10}})")
_TYPED = re.compile(r"\s*\[?\s*stash(?:\s+scene)?\s*[:#-]\s*([0-9]{1,10})\s*\]?\s*", re.IGNORECASE)
_PAGE = re.compile(r"\s*https?://[^\s?#]+/scenes?/([0-9]{1,10})(?:[/?#]\S*)?\s*", re.IGNORECASE)
_IN_NAME = re.compile(r"[\[{(]stash[:-]([0-9]{1,10})[\]})]", re.IGNORECASE)


def scene_of_key(text: str) -> int | None:
    """The scene of a rating key; None for what is none."""
    return _number(text) if _KEY.fullmatch(text) else None


def scene_of_guid(text: str) -> int | None:
    """The scene of one of our guids; None for any other."""
    found = _GUID.fullmatch(text)
    return _number(found[1]) if found else None


def scene_typed(text: str) -> int | None:
    """The scene that a person named in place of a title: `stash:123`, the address of its page, or our guid."""
    found = _TYPED.fullmatch(text) or _PAGE.fullmatch(text) or _GUID.fullmatch(text.strip())
    return _number(found[1]) if found else None


def scene_in_name(text: str) -> int | None:
    """The scene that a file's name tells, as in `Film [stash-123].mp4`; None for none, and for several."""
    found = {int(number) for number in _IN_NAME.findall(text)}
    return _number(str(found.pop())) if len(found) == 1 else None


def _number(digits: str) -> int | None:
    number = int(digits)
    return number if 1 <= number <= _LARGEST else None
