"""The names by which Plex keeps our metadata provider and what it matched. They never change."""

from __future__ import annotations

from enum import StrEnum

IDENTIFIER = "tv.plex.agents.custom.plexsync"
#: Where the provider answers; behind it comes what nobody can guess.
FOLDER = "/provider/"
#: How a guid begins that stands for no match: an item of its own, or of an agent that looks nothing up.
_UNMATCHED = ("local://", "com.plexapp.agents.none://", "tv.plex.agents.none://")


class MatchedBy(StrEnum):
    """Whose guid an item has."""

    PLEXSYNC = "plexsync"
    OTHERS = "others"
    NOBODY = "nobody"


def key_of(scene: int) -> str:
    """The rating key of a scene: its number and nothing else."""
    return str(scene)


def guid_of(scene: int) -> str:
    """The guid of a scene; Plex asks again by its last part."""
    return f"{IDENTIFIER}://movie/{key_of(scene)}"


def matched_by(guid: str) -> MatchedBy:
    """Who matched the item with that guid."""
    if guid.startswith(f"{IDENTIFIER}://"):
        return MatchedBy.PLEXSYNC
    return MatchedBy.NOBODY if not guid or guid.startswith(_UNMATCHED) else MatchedBy.OTHERS


def tells_of(guid: str, scene: int) -> bool:
    """Whether Plex asks our provider for this very scene whenever it refreshes the item with that guid."""
    return guid == guid_of(scene)
