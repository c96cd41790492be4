"""What becomes of an item whose scene, or whose file, Stash has no more."""

from __future__ import annotations

from enum import StrEnum


class WhenGone(StrEnum):
    """As in the settings."""

    LEAVE = "leave"  #: the item stays as it is
    CLEAR = "clear"  #: what we wrote and is still ours is taken out
    RESTORE = "restore"  #: what Plex held before us is put back
