"""From settings to a service at work, and back down again."""

from plexsync.app.folder import home_of, open_store, require_folder
from plexsync.app.graph import Graph, build
from plexsync.app.sources import PLUGIN_ID, PLUGIN_OWN, Sources, merged

__all__ = [
    "PLUGIN_ID",
    "PLUGIN_OWN",
    "Graph",
    "Sources",
    "build",
    "home_of",
    "merged",
    "open_store",
    "require_folder",
]
