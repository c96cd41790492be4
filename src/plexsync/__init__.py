"""PlexSync: metadata that changes in Stash reaches Plex."""

from importlib.metadata import version

__version__ = version("plexsync")
