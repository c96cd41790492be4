"""What becomes of the tie between a scene's file and a Plex item when Plex has moved on."""

from __future__ import annotations


class LinkBroken(Exception):  # a finding, not a failure: matching starts again
    """The item is gone, or no longer holds the linked file. Nothing was written to it."""

    def __init__(self, rating_key: int, reason: str) -> None:
        super().__init__(f"item {rating_key}: {reason}")
        self.rating_key = rating_key
        self.reason = reason
