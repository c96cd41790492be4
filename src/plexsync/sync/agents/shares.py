"""How many items of a library were matched by whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from plexsync.model.provider import MatchedBy, matched_by
from plexsync.plex.client import PlexClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Of all items of a library those with a guid of ours, of others, and of none."""

    plexsync: int
    others: int
    nobody: int

    @property
    def items(self) -> int:
        """All of them."""
        return self.plexsync + self.others + self.nobody


async def shares_of(plex: PlexClient, library: int) -> Shares:
    """Counted from a listing of all items, as only Plex knows their guids."""
    counted: Counter[MatchedBy] = Counter()
    async for page in plex.guids(library):
        counted.update(matched_by(guid) for guid in page)
    return Shares(
        plexsync=counted[MatchedBy.PLEXSYNC], others=counted[MatchedBy.OTHERS], nobody=counted[MatchedBy.NOBODY]
    )
