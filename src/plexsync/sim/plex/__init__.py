"""A simulated Plex Media Server: real HTTP, XML and JSON, a library of open films, faults on demand."""

from plexsync.sim.plex.app import create_app
from plexsync.sim.plex.options import PlexOptions, Switches
from plexsync.sim.plex.process import main
from plexsync.sim.plex.store import Store

__all__ = ["PlexOptions", "Store", "Switches", "create_app", "main"]
