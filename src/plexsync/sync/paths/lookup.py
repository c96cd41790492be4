"""What lies at a path, as far as the store knows."""

from __future__ import annotations

from collections.abc import Sequence

from plexsync.model.paths import path_key
from plexsync.model.pathtrace import View
from plexsync.store import index, seen
from plexsync.store.database import Connection


def found_at(connection: Connection | None, servers: Sequence[str], view: View, path: str) -> list[str]:
    """The scenes or items that hold a file at this path of that side, in words; none where nothing is known."""
    if connection is None:
        return []
    key = path_key(path)
    if view is View.STASH:
        scenes = seen.scenes_at(connection, [key]).get(key, [])
        titles = seen.known(connection, scenes)
        return [f'scene {scene} "{titles[scene].title}"' for scene in scenes if scene in titles]
    found = ((server, index.at_paths(connection, server, [key]).get(key, [])) for server in servers)
    return [f'item {item.rating_key} "{item.title}" on {server}' for server, items in found for item in items]
