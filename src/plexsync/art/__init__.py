"""Pictures on their way from Stash to Plex."""

from plexsync.art.covers import Art
from plexsync.art.shaping import UnreadablePictureError, shaped

__all__ = ["Art", "UnreadablePictureError", "shaped"]
