"""Pictures of people, of which Plex has one for each name in all of a server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PeoplePictures(StrEnum):
    """Whose pictures are written."""

    ALWAYS = "always"
    SAFE = "safe"  #: only names that no library outside the synced ones lists
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A picture to be written: `name` as the item's cast has it, the address that Plex shows now, and the wanted one.

    `performer` is whose picture it is, None where ours is taken back.
    """

    name: str
    before: str
    after: str
    performer: int | None
